# shellcheck shell=bash
#
# For the scripts that source it: apt on suites that the machine may not have
# among its own, with lists and a cache apart, so that its sources stay as
# they are and nothing is installed.


# apt_apart_init DIR TYPE SUITE...: what apt_apart is to read, deb or deb-src.
# DIR is the caller's, and the caller's to remove.

apt_apart_init() {
    local dir=$1 type=$2 suite mirror
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg

    shift 2

    chmod 755 "$dir"
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"

    for suite; do
        mirror=http://deb.debian.org/debian
        [[ $suite != *-security ]] || mirror+=-security

        echo "$type [signed-by=$keyring] $mirror $suite main"
    done > "$dir/sources.list"
}


# apt_apart DIR apt-get|apt-cache ARGUMENT...
#
# Expired lists will do: they are signed, and only one package is wanted.

apt_apart() {
    local dir=$1 command=$2
    local options=(
        -o Dir::Etc::SourceList="$dir/sources.list"
        -o Dir::Etc::SourceParts=/dev/null
        -o Dir::Etc::Preferences=/dev/null
        -o Dir::Etc::PreferencesParts=/dev/null
        -o Dir::State::Lists="$dir/lists"
        -o Dir::Cache="$dir/cache"
        -o Acquire::Check-Valid-Until=false
        -o Acquire::Languages=none
        -o Acquire::Retries=1
        -o Acquire::http::Timeout=30
    )

    shift 2

    [ "$(id -u)" != 0 ] || options+=(-o APT::Sandbox::User=root)

    "$command" -q "${options[@]}" "$@"
}

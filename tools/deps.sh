#!/usr/bin/env bash
#
# The Debian packages this project needs, by purpose, and the installing of
# those that are missing.
#
#   tools/deps.sh run test check     installs what these purposes need
#   tools/deps.sh fuzz               and what fuzzing does
#   tools/deps.sh --missing run      only says what is missing
#
# Needs root or sudo when something is missing, and then only.

set -euo pipefail

self=$(realpath "$0")
cd "$(dirname "$self")/.."

. tools/apt.sh

needed_to_run=(
    gcc                         # compiles the module
    libc6-dev                   # the C library's headers
    nginx                       # what the module is loaded into
    nginx-dev                   # its headers and its configure
    libcurl4-openssl-dev        # talks to the PBX
    libjansson-dev              # reads and writes JSON
    zlib1g-dev                  # permessage-deflate
    libssl-dev                  # TLS, SHA-1 of the handshake
    ca-certificates             # whom to trust by default
    openssl                     # makes the simulator's certificate
    nodejs                      # runs the PBX simulator
    node-ws                     # its WebSocket
)

needed_to_test=(
    perl                        # prove and the suites; and Test::Nginx, below
    libio-socket-ssl-perl       # TLS in the suites' own clients
    libjson-validator-perl      # messages against the JSON schema
)

needed_to_check=(
    pmccabe                     # branches and length of functions
    codespell                   # spelling
    cppcheck                    # static analysis
    shellcheck                  # the same for scripts
)

needed_to_fuzz=(
    gcc                         # the linker, and what it links with
    libc6-dev                   # and the libraries of the core, as above
    libjansson-dev
    zlib1g-dev
    libssl-dev
    clang                       # compiles the fuzz targets
    libclang-rt-dev             # libFuzzer and the sanitizers
)

needed_to_sanitize=(
    dpkg-dev                    # unpacks nginx's source package
    xz-utils                    # the same
    patch                       # applies Debian's changes
    libpcre2-dev                # nginx itself is compiled with it
)

# npm is for the checks too, but not by the name of a package: where nodejs
# comes from NodeSource it is part of it, and Debian's package conflicts.

no_test_nginx=build/no-test-nginx


is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" \
        = installed ]
}


# Prints, of the packages named, those that are not installed.

missing_of() {
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" \
              2> /dev/null | sed -n 's/^installed //p' | sort -u)
}


missing_for() {
    local purpose

    for purpose; do
        case $purpose in
            run)
                missing_of "${needed_to_run[@]}"
                ;;
            test)
                missing_of "${needed_to_test[@]}"
                ;;
            check)
                missing_of "${needed_to_check[@]}"
                command -v npm > /dev/null || echo npm
                ;;
            fuzz)
                missing_of "${needed_to_fuzz[@]}"
                ;;
            sanitize)
                missing_of "${needed_to_sanitize[@]}"
                ;;
            *)
                echo "tools/deps.sh: what is \"$purpose\"?" >&2
                exit 2
        esac
    done
}


as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"

    elif command -v sudo > /dev/null; then
        sudo "$@"

    else
        echo "This needs root, and there is no sudo.  As root, run:" >&2
        echo "    $*" >&2
        return 1
    fi
}


# The part that runs as root: tools/deps.sh --install PACKAGE...

install_packages() {
    local apt=(apt-get -y --no-install-recommends -o DPkg::Lock::Timeout=120)
    local with_nginx=no

    export DEBIAN_FRONTEND=noninteractive

    case " $* " in
        *" nginx "*) with_nginx=yes; keep_services_down ;;
    esac

    # Lists that were never fetched, or are too old for what the mirror has.

    apt-cache show "$@" > /dev/null 2>&1 || apt-get update
    "${apt[@]}" install "$@" \
        || { apt-get update; "${apt[@]}" install "$@"; }

    if [ $with_nginx = yes ]; then
        update-rc.d nginx disable > /dev/null 2>&1 || true
        echo "nginx's own service was neither started nor enabled."
    fi
}


# Debian starts a service when its package is installed, here nginx on port
# 80, unless /usr/sbin/policy-rc.d forbids it: one of ours does meanwhile.

policy=/usr/sbin/policy-rc.d

keep_services_down() {
    [ ! -e $policy ] || return 0

    trap 'rm -f $policy' EXIT
    trap 'exit 1' INT TERM HUP

    printf '#!/bin/sh\n# %s, for as long as it installs\nexit 101\n' \
        "ngx_outbound_ws's tools/deps.sh" > $policy
    chmod 755 $policy

    echo "$policy keeps nginx's service from starting meanwhile."
}


# Test::Nginx is a package of newer suites only, and all it depends on is in
# Debian 12.  Sets deb to what was fetched.

fetch_test_nginx() {
    local suite

    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT

    for suite in forky sid; do
        apt_apart_init "$work" deb $suite

        (
            cd "$work"
            apt_apart "$work" apt-get update
            apt_apart "$work" apt-get download libtest-nginx-perl
        ) > "$work/log" 2>&1 || true

        deb=$(find "$work" -maxdepth 1 -name 'libtest-nginx-perl_*.deb')
        [ -z "$deb" ] || return 0
    done

    grep -E '^(E|W|Err)' "$work/log" >&2 || true
    return 1
}


install_test_nginx() {
    is_installed libtest-nginx-perl && return 0

    if apt-cache show libtest-nginx-perl > /dev/null 2>&1; then
        as_root "$self" --install libtest-nginx-perl
        return
    fi

    echo "Fetching Test::Nginx (libtest-nginx-perl) from a newer Debian."

    if fetch_test_nginx && as_root "$self" --install "$deb"; then
        rm -f $no_test_nginx
        return 0
    fi

    echo "Test::Nginx can't be had; the suites will use the stand-in in" \
         "t/compat." >&2
    mkdir -p build
    : > $no_test_nginx
}


main() {
    local missing=()

    command -v apt-get > /dev/null || {
        echo "This is for Debian and its like.  Elsewhere, install what the" \
             "lists in tools/deps.sh name." >&2
        exit 1
    }

    mapfile -t missing < <(missing_for "$@")

    if [ ${#missing[@]} -gt 0 ]; then
        echo "Installing: ${missing[*]}"
        as_root "$self" --install "${missing[@]}"
    fi

    # Not tried again by each `make test`, but by each `make deps`.

    case " $* " in
        *" check "*) install_test_nginx ;;
        *" test "*)  [ -e $no_test_nginx ] || install_test_nginx ;;
    esac
}


case ${1-} in
    --missing) shift; missing_for "$@" ;;
    --install) shift; install_packages "$@" ;;
    *)         main "$@" ;;
esac

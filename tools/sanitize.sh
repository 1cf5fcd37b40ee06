#!/usr/bin/env bash
#
# The suite on an nginx built from Debian's source package with
# AddressSanitizer and UndefinedBehaviorSanitizer, the module built in.
#
#   tools/sanitize.sh configure          fetches the source, once, and
#                                        prepares build/sanitize for make
#   tools/sanitize.sh test [FILE...]     runs the suite, or these of its files
#
# Called by the Makefile, in the top directory, with NGINX_BIN, CC and JOBS
# set; it builds in between.

set -euo pipefail

. tools/apt.sh

root=$PWD
dir=$root/build/sanitize

# NGX_DEBUG_PALLOC: each allocation from a pool is its own malloc, or what is
# written past its end would stay unseen.  The three kinds left out are what
# nginx itself does: memcpy(NULL, 0) at every start, loads at odd addresses in
# HTTP/2, a NULL pointer plus an offset for long headers.

sanitizers="-fsanitize=address,undefined -fno-sanitize=nonnull-attribute,\
alignment,pointer-overflow -fno-sanitize-recover=undefined \
-fno-omit-frame-pointer"

# with what the tests' configurations use

arguments=(
    --with-debug
    --with-compat
    --with-threads
    --with-http_ssl_module
    --with-http_v2_module
    --with-http_auth_request_module
    --with-http_realip_module
    --with-http_stub_status_module
)


die() {
    echo "$*" >&2
    exit 1
}


# fetch VERSION: the source package of that version of nginx, as much of
# Debian's revision as can be had.  The security suite's list may name one
# whose files are gone: then the one before it.

fetch() {
    local version=$1 codename revision

    codename=$(. /etc/os-release; echo "${VERSION_CODENAME-}")
    work=$(mktemp -d "$dir/fetch-XXXXXX")
    trap 'rm -rf "$work"' EXIT

    echo "  FETCH  the source of nginx $version from Debian $codename"

    apt_apart_init "$work" deb-src "$codename" "$codename-security"
    apt_apart "$work" apt-get update > "$work/log" 2>&1 || true

    while read -r revision; do
        (
            cd "$work"
            apt_apart "$work" apt-get source --only-source \
                "nginx=$revision"
        ) < /dev/null >> "$work/log" 2>&1 || continue

        echo "$revision" > "$work/nginx-$version/debian/fetched"
        mv "$work/nginx-$version" "$dir"
        return 0

    done < <(apt_apart "$work" apt-cache showsrc --only-source nginx \
                 2>> "$work/log" \
             | sed -n "s/^Version: \($version-.*\)/\1/p" | sort -Vru)

    grep -E '^(E|W|Err)' "$work/log" >&2 || tail -n 5 "$work/log" >&2
    die "There is no source package of nginx $version in Debian $codename."
}


configure() {
    local version source name

    version=$("$NGINX_BIN" -V 2>&1 \
                  | sed -n 's|^nginx version: [^/]*/\([0-9.]*\).*|\1|p')
    source=nginx-$version

    mkdir -p "$dir"
    [ -x "$dir/$source/configure" ] || fetch "$version"

    echo "  CONFIGURE  nginx $(cat "$dir/$source/debian/fetched")" \
         "with sanitizers"

    cd "$dir"

    [ "$(readlink src)" = "$source/src" ] || rm -rf objs

    for name in auto configure src; do
        ln -sfn "$source/$name" $name
    done

    # Each of nginx's objects depends on the headers that configure writes:
    # those that it writes as they were keep their date.

    rm -rf before
    mkdir -p before
    cp -p objs/*.h before 2> /dev/null || true

    # the programs that configure runs leak

    ASAN_OPTIONS=detect_leaks=0 ./configure "${arguments[@]}" \
        --with-cc="$CC" \
        --with-cc-opt="-O1 -g -MMD -MP -Wno-error $sanitizers \
-DNGX_DEBUG_PALLOC=1" \
        --with-ld-opt="$sanitizers" \
        --add-module="$root" > configure.log 2>&1 \
        || {
            tail -n 12 configure.log >&2
            die "nginx's configure failed; all it said is in" \
                "$dir/configure.log"
        }

    for name in objs/*.h; do
        ! cmp -s "$name" "before/${name##*/}" \
            || cp -p "before/${name##*/}" objs
    done
}


# The order of libraries is not verified: some tests preload one, which does
# not meddle with memory.  A report ends the process, and is in error.log,
# where the tests' library finds it.

run_tests() {
    [ $# -gt 0 ] || set -- t/*.t

    export TEST_NGINX_BINARY=$dir/objs/nginx
    export TEST_NGINX_MODULE=static
    export TEST_NGINX_TIMEOUT=${TEST_NGINX_TIMEOUT:-60}

    export ASAN_OPTIONS=detect_leaks=1:exitcode=99
    ASAN_OPTIONS+=:detect_stack_use_after_return=1:strict_string_checks=1
    ASAN_OPTIONS+=:verify_asan_link_order=0
    export UBSAN_OPTIONS=print_stacktrace=1:exitcode=99

    exec prove -j "$JOBS" -It/lib "$@"
}


case ${1-} in
    configure) configure ;;
    test)      shift; run_tests "$@" ;;
    *)         die "tools/sanitize.sh: configure, or test [FILE...]" ;;
esac

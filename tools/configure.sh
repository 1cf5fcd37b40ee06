#!/usr/bin/env bash
#
# Runs nginx's configure for the module in build/nginx, a shadow of nginx's
# source tree, with the arguments that the nginx binary itself was built with:
# this is what makes the module fit the binary.  Called by the Makefile, in
# the top directory, with NGINX_SRC, NGINX_BIN and CC set.

set -euo pipefail

die() {
    echo "$*" >&2
    exit 1
}

root=$PWD
log=$root/build/configure.log
needs="\`make deps\` installs the Debian packages, NGINX_SRC= and NGINX_BIN= \
name others."

[ -x "$NGINX_BIN" ] || die "There is no nginx at $NGINX_BIN.  $needs"
[ -x "$NGINX_SRC/configure" ] \
    || die "There is no source tree of nginx in $NGINX_SRC (on Debian: the \
package nginx-dev).  $needs"
command -v "${CC%% *}" > /dev/null \
    || die "There is no compiler named $CC; \`make deps\` installs gcc."

told=$("$NGINX_BIN" -V 2>&1)
version=$(sed -n 's|^nginx version: [^/]*/\([0-9.]*\).*|\1|p' <<< "$told")
source=$(sed -n 's|^#define NGINX_VERSION  *"\(.*\)"|\1|p' \
             "$NGINX_SRC/src/core/nginx.h")

[ "$version" = "$source" ] \
    || die "$NGINX_BIN is nginx $version, but the source in $NGINX_SRC is of \
$source."

# Without what belongs to other modules, and with options of our own for the
# compiler: the warnings of nginx are -W (all of -Wextra) -Wall -Werror.

eval "set -- $(sed -n 's/^configure arguments: //p' <<< "$told")"

arguments=()

for argument; do
    case $argument in
        --with-cc-opt=* | --with-ld-opt=* | --add-*module=* | *=dynamic) ;;
        *) arguments+=("$argument") ;;
    esac
done

warnings="-Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla"
hardening="-fstack-protector-strong -D_FORTIFY_SOURCE=2"

echo "  CONFIGURE  for nginx $version, takes some ten seconds"

mkdir -p build/nginx
cd build/nginx

for name in auto configure src; do
    ln -sfn "$(realpath "$NGINX_SRC")/$name" $name
done

./configure "${arguments[@]}" \
    --with-cc="$CC" \
    --with-cc-opt="-O2 -MMD -MP $hardening $warnings" \
    --with-ld-opt="-Wl,-z,relro -Wl,-z,now" \
    --add-dynamic-module="$root" > "$log" 2>&1 \
    || {
        tail -n 12 "$log" >&2
        die "nginx's configure failed; all it said is in $log"
    }

#!/usr/bin/env bash
#
# Puts the module where the nginx at NGINX_BIN looks for modules, below
# DESTDIR if that is set.

set -euo pipefail

told=$("$NGINX_BIN" -V 2>&1)

option() {
    grep -o -- " --$1=[^ ]*" <<< "$told" | tail -n 1 | cut -d= -f2-
}

prefix=$(option prefix) || prefix=/usr/local/nginx
modules=$(option modules-path) || modules=$prefix/modules

install -D -m 644 build/ngx_outbound_ws_module.so \
    "${DESTDIR:-}$modules/ngx_outbound_ws_module.so"

echo "Installed ${DESTDIR:-}$modules/ngx_outbound_ws_module.so"
echo "To load it, at the top of nginx.conf:"
echo "    load_module $modules/ngx_outbound_ws_module.so;"
echo "An nginx that runs takes a new one after a restart, not a reload."

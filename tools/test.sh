#!/usr/bin/env bash
#
# Every suite under one prove: the unit tests of the core, the tests of the
# PBX simulator, and all that goes through nginx.  Called by the Makefile, in
# the top directory, with NGINX_BIN and JOBS set; t/README.md says how to run
# one test alone.

set -euo pipefail

export TEST_NGINX_BINARY=$NGINX_BIN
export TEST_NGINX_MODULE=$PWD/build/ngx_outbound_ws_module.so

exec prove -j "$JOBS" -It/lib \
    build/unit/*_test build/unit/shipped/*_test tools/test-node.sh t/*.t

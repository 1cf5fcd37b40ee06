#!/usr/bin/env bash
#
# nginx with conf/demo.conf and a PBX simulator beside it, in the foreground,
# until Ctrl-C or until one of the two ends.  Called by the Makefile, in the
# top directory, with NGINX_BIN, PORT and PBX_PORT set.
#
# All they write is in build/run.  Both are stopped by their process ids; the
# simulator also ends when its standard input does, so not even a kill -9 of
# this script leaves it behind.

set -euo pipefail

dir=$PWD/build/run
nginx=


die() {
    echo "make run: $*" >&2
    exit 1
}


must_be_free() {
    if (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; then
        die "port $1 is taken; another one: make run $2=$(($1 + 1000))"
    fi
}


stop() {
    trap '' INT TERM HUP

    [ -z "$nginx" ] || kill "$nginx" 2> /dev/null || true
    [ -z "$simulator" ] || kill "$simulator" 2> /dev/null || true
    wait
}


must_be_free "$PORT" PORT
must_be_free "$PBX_PORT" PBX_PORT

mkdir -p "$dir/logs"
t/pbx/certs.sh "$dir/certs"

sed -e "s|127\.0\.0\.1:8080|127.0.0.1:$PORT|" \
    -e "s|https://localhost:5001|https://localhost:$PBX_PORT|" \
    conf/demo.conf > "$dir/demo.conf"

simulator=
trap stop EXIT
trap 'exit 0' INT TERM HUP

# It says where it listens, in one line of JSON, when it is ready.

coproc SIMULATOR {
    NODE_PATH=/usr/share/nodejs exec node t/pbx/simulator.js --demo \
        --port "$PBX_PORT" --control 0 --stdin-lifeline \
        --cert "$dir/certs/pbx.pem" --key "$dir/certs/pbx.key"
}

simulator=$SIMULATOR_PID

read -r -t 20 ready <&"${SIMULATOR[0]}" \
    || die "the PBX simulator did not start"

control=$(sed -n 's/.*"control":\([0-9]*\).*/\1/p' <<< "$ready")

# Root's workers are who owns the checkout: nobody may not read, say, /root.

globals='daemon off;'
[ "$(id -u)" != 0 ] || globals="$globals user $(stat -c '%U %G' .);"

rm -f "$dir/nginx.pid"
"$NGINX_BIN" -p "$dir" -e logs/error.log -c "$dir/demo.conf" -g "$globals" &
nginx=$!

until [ -s "$dir/nginx.pid" ]; do
    kill -0 "$nginx" 2> /dev/null || die "nginx did not start"
    sleep 0.1
done

echo
printf '  %-27s  %s\n' \
    "http://127.0.0.1:$PORT/" 'a page that shows projects and starts them' \
    "ws://127.0.0.1:$PORT/ws" 'for a client of your own' \
    "https://localhost:$PBX_PORT" 'the PBX (client 900, secret demo-secret)' \
    "http://127.0.0.1:$control" 'its calls and faults: t/pbx/README.md'
echo
echo '  Logs and configuration are in build/run.  Ctrl-C stops all of it.'
echo

wait -n "$nginx" "$simulator" || true
kill -0 "$nginx" 2> /dev/null || die "nginx ended, see build/run/logs"
die "the PBX simulator ended"

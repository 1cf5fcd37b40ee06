#!/usr/bin/env bash
#
# Builds the fuzz targets in build/fuzz and runs each for FUZZ_SECONDS on a
# copy of its seeds, one after another; one line each.  Called by the
# Makefile, in the top directory.
#
#   tools/fuzz.sh                         all of them
#   tools/fuzz.sh ows_frame ows_json      these
#
# Fails when one finds something.  What it found stays in build/fuzz/findings,
# what it said in build/fuzz/<target>.log; the grown copy of the seeds stays,
# too, and the next run goes on from there.

set -uo pipefail

seconds=${FUZZ_SECONDS:-60}
dir=build/fuzz

flags=(
    -std=gnu11 -g -O1 -Wall -Wextra -Werror -Isrc/core -It/unit
    "-fsanitize=address,undefined" -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer
)

mapfile -t missing < <(tools/deps.sh --missing fuzz)

if [ ${#missing[@]} -gt 0 ]; then
    echo "Not installed: ${missing[*]}"
    echo "\`tools/deps.sh fuzz\` installs what is missing."
    exit 1
fi >&2


build_core() {
    local source

    mkdir -p $dir/core $dir/findings || return

    for source in src/core/*.c; do
        clang "${flags[@]}" -fsanitize=fuzzer-no-link -c "$source" \
            -o "$dir/core/$(basename "$source" .c).o" || return
    done
}


build() {
    clang "${flags[@]}" -fsanitize=fuzzer -o "$dir/$1_fuzz" \
        "t/fuzz/$1_fuzz.c" $dir/core/*.o -ljansson -lz -lcrypto
}


# run TARGET: 0 when nothing was found.

run() {
    local rc=0 executions found

    mkdir -p "$dir/corpus/$1"
    cp t/fuzz/corpus/"$1"/* "$dir/corpus/$1/"

    "$dir/$1_fuzz" -max_total_time="$seconds" -timeout=10 \
        -print_final_stats=1 -artifact_prefix="$dir/findings/$1-" \
        "$dir/corpus/$1" > "$dir/$1.log" 2>&1 || rc=1

    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' \
                     "$dir/$1.log")

    if [ $rc = 0 ]; then
        found='nothing found'
    else
        found="A FINDING: $(sed -n 's/.*Test unit written to //p' \
                                "$dir/$1.log"), see $dir/$1.log"
    fi

    printf '  %-14s %10s executions, %s\n' "$1" "${executions:-?}" "$found"

    return $rc
}


if [ $# = 0 ]; then
    mapfile -t targets < <(basename -s _fuzz.c t/fuzz/*_fuzz.c)
    set -- "${targets[@]}"
fi

build_core || exit

rc=0

for target; do
    { build "$target" && run "$target"; } || rc=1
done

exit $rc

#!/usr/bin/env bash
#
# All that `make check` checks; each check says what it found wrong, and none
# changes a file.  Called by the Makefile, in the top directory.

set -uo pipefail

mapfile -t missing < <(tools/deps.sh --missing run test check)

if [ ${#missing[@]} -gt 0 ]; then
    echo "Not installed: ${missing[*]}"
    echo "\`make deps\` installs what is missing."
    exit 1
fi >&2

passed=0
failed=0


# check NAME COMMAND...: what the command prints is shown if it fails.

check() {
    local name=$1
    local said

    shift

    if said=$("$@" 2>&1); then
        passed=$((passed + 1))
        echo "  ok      $name"
    else
        failed=$((failed + 1))
        echo "  FAILED  $name"
        sed 's/^/          /' <<< "$said"
    fi
}


# Files of the project, whether git knows them yet or not.

files() {
    local names=()

    while [ $# -gt 0 ]; do
        names+=(-name "$1" -o)
        shift
    done

    find . \( -name .git -o -path ./build -o -name node_modules \) -prune \
         -o -type f \( "${names[@]}" -false \) -print | sort
}


each() {
    local file rc=0

    while read -r file; do
        "$@" "$file" || rc=1
    done

    return $rc
}


spelling() {
    files '*.[ch]' '*.p[lm]' '*.t' '*.sh' '*.js' '*.ts' '*.conf' '*.md' \
          '*.mk' '*.html' Makefile config run \
        | xargs codespell --ignore-words-list ges,hel,isnt,nam,stap,upto
}


# nginx's headers are not expanded: cppcheck would check them too.  What it
# would make errors of for want of a header is given to it.

static_analysis() {
    cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
        --enable=warning,performance,portability \
        --suppress=missingInclude --suppress=missingIncludeSystem \
        --include="/usr/include/$(cc -print-multiarch)/sys/queue.h" \
        -Du_char='unsigned char' -DLIBCURL_VERSION_NUM=0x075700 \
        -Isrc -Isrc/core ngx_outbound_ws_module.c src
}


scripts() {
    { files '*.sh'; echo .ci/run; } | xargs shellcheck --severity=warning
}


perl_syntax() {
    files '*.p[lm]' '*.t' | each perl_syntax_of
}

perl_syntax_of() {
    local compat=()

    [[ $1 == ./t/compat/* ]] && compat=(-It/compat)

    perl "${compat[@]}" -It/lib -c "$1" 2>&1 | grep -v ' syntax OK$'
    [ "${PIPESTATUS[0]}" = 0 ]
}


node_syntax() {
    files '*.js' | each node --check
}


shared_types() (
    cd packages/shared-types || exit 1
    npm ci --loglevel=error --no-audit --no-fund \
        && npm run --silent check && npm test --silent
)


check 'layout, names, includes, calls, lengths' tools/check.pl
check 'spelling' spelling
check 'static analysis of C (cppcheck)' static_analysis
check 'shell scripts (shellcheck)' scripts
check 'Perl compiles' perl_syntax
check 'JavaScript compiles' node_syntax
check 'shared types: the schema is what the types say' shared_types

echo
echo "$passed passed, $failed failed"

[ $failed = 0 ]

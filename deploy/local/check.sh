# shellcheck shell=bash
# ./run check [--all]: what must hold before a commit. clang-tidy looks at the C++ files that differ
# from the upstream branch (without one: from the last commit but one), with --all at every file.

run_check() {
    local all=
    [[ ${1:-} != --all ]] || all=yes
    say "Checks:"
    begin_log check
    ensure_packages
    HINT="./run check prints the places; clang-format-14 -i FILE repairs a file." \
        step "format" check_format
    HINT="Each line names the file, the line and the rule." step "shellcheck" check_shell
    ensure_toolchain
    ensure_built
    begin_log tidy
    HINT="Each finding names file, line and check; the rules are in .clang-tidy." \
        step "clang-tidy" check_tidy "$all"
    PREPAY_SKIP_BUILD=1 "$ROOT/run" test unit contract
}

check_format() {
    cd "$ROOT" || return
    git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.h' |
        xargs -0 -r clang-format-14 --dry-run -Werror
}

check_shell() {
    cd "$ROOT" || return
    shellcheck run .ci/run deploy/local/*.sh
}

check_tidy() {
    local base files
    cd "$ROOT" || return
    if [[ -n $1 ]]; then
        files=$(git ls-files -- 'libs/*.cpp' 'services/*.cpp' 'tests/*.cpp')
    else
        base=$(git merge-base HEAD '@{upstream}' 2>/dev/null) || base=$(git rev-parse -q --verify HEAD~1) || base=HEAD
        files=$({ git diff --name-only --diff-filter=d "$base" -- '*.cpp'
                  git ls-files --others --exclude-standard -- '*.cpp'; } | sort -u)
    fi
    [[ -n $files ]] || { echo "no C++ file has changed"; return 0; }
    build_cpp tidy --target prepay_generated || return
    # shellcheck disable=SC2086
    run-clang-tidy-14 -quiet -p build/tidy -j 2 $files
}

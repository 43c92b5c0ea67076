# shellcheck shell=bash
# ./run bench [name…]: runs build/release/bin/bench_<name> one after the other, on a machine that
# does nothing else, and prints one table. Method and history: docs/performance.md.

run_bench() {
    local name names=() results=$VAR/bench
    # shellcheck source=/dev/null
    source "$HERE/test.sh"
    # shellcheck disable=SC2034  # process.sh and progress.sh use them
    RUN_DIR=$TEST_DIR/run LOG_DIR=$TEST_DIR/log
    take_lock "$VAR/test.lock"
    say "Preparing:"
    begin_log packages
    ensure_packages
    ensure_toolchain
    ensure_built
    mapfile -t names < <(cd "$BIN" && compgen -G 'bench_*' | sed 's/^bench_//' | sort)
    for name in "$@"; do
        [[ " ${names[*]} " == *" $name "* ]] || fail "there is no benchmark \"$name\"" "There are: ${names[*]}"
    done
    (($# > 0)) || set -- "${names[@]}"
    (($# > 0)) || fail "no benchmark is built"
    trap 'stop_watcher; end_test_servers' EXIT
    start_test_servers bench
    mkdir -p "$results"
    for name in "$@"; do
        say "" "== $name =="
        "$BIN/bench_$name" --json "$results/$name.json.new" || fail "bench $name failed"
        mv "$results/$name.json.new" "$results/$name.json"
    done
    print_bench_table "$@"
}

print_bench_table() {
    local name
    printf '\n  %-28s %14s %14s %8s %8s %6s\n' benchmark ours reference ratio goal pairs
    for name in "$@"; do
        jq -r --arg name "$name" 'if type == "array" then .[] else . end
            | [.name // $name, .ours, .reference, .ratio, .goal, (.pairs | if type == "array" then length else . end)]
            | @tsv' "$VAR/bench/$name.json"
    done | awk -F'\t' '{ printf "  %-28s %14.6g %14.6g %8.3g %8s %6s\n", $1, $2, $3, $4, $5, $6 }'
}

# shellcheck shell=bash
# ./run down: ends what ./run demo started and nothing else. The data stays.

run_down() {
    local name running=()
    [[ -d $DEMO ]] || { say "There is no demo here."; return 0; }
    use_demo
    take_lock "$DEMO.lock"
    for name in "${PROCESSES[@]}"; do
        ! is_running "$name" || running+=("$name")
    done
    ((${#running[@]} > 0)) || { say "The demo is not running."; return 0; }
    say "Ending: ${running[*]}"
    begin_log down
    step "all ended" stop_demo
}

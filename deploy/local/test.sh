# shellcheck shell=bash
# ./run test [--preset dev|tsan] [label…]: builds and runs the tests, label by label, fast ones first. A
# label is a folder below tests/, or `web` (vitest), or `browser` (headless Chromium against a demo of
# its own), or `chaos` (kills, cuts, wipes; only when asked for). With a sanitizer preset the C++ tests only, from that preset's own build tree.

readonly TEST_DIR=$VAR/test
test_preset=release

# Labels whose tests need neither PostgreSQL nor Kafka.
readonly PURE_LABELS=" unit property tidy fuzz web browser "

run_test() {
    local label known failed=() started summary=()
    if [[ ${1:-} == --preset ]]; then
        test_preset=${2:-}
        [[ $test_preset =~ ^(release|dev|tsan)$ ]] ||
            fail "there is no preset \"$test_preset\"" "There are: release, dev (ASan and UBSan), tsan"
        shift 2
    fi
    # shellcheck disable=SC2034  # process.sh and progress.sh use them
    RUN_DIR=$TEST_DIR/run LOG_DIR=$TEST_DIR/log
    take_lock "$VAR/test.lock"
    say "Preparing:"
    known=(web browser chaos)
    for label in "$ROOT"/tests/*/; do
        label=$(basename "$label")
        [[ " support bench simulator " == *" $label "* ]] || known+=("$label")
    done
    for label in "$@"; do
        [[ " ${known[*]} " == *" $label "* ]] ||
            fail "no tests are labelled \"$label\"" "There are: ${known[*]}"
    done
    begin_log packages
    ensure_packages
    ensure_toolchain
    if [[ $test_preset == release ]]; then
        ensure_built
    else
        ensure_preset_built "$test_preset"
    fi
    mapfile -t known < <(all_labels)
    (($# > 0)) || set -- "${known[@]}"
    trap 'stop_watcher; end_mock_checks; end_test_servers' EXIT
    start_test_servers "$@"
    for label in "$@"; do
        say "" "== $label =="
        started=$SECONDS
        if run_label "$label"; then
            summary+=("$(printf '%-12s passed %5d s' "$label" $((SECONDS - started)))")
        else
            failed+=("$label")
            summary+=("$(printf '%-12s FAILED %5d s' "$label" $((SECONDS - started)))")
        fi
    done
    say ""
    printf '  %s\n' "${summary[@]}"
    ((${#failed[@]} == 0)) || fail "tests failed: ${failed[*]}" "Again, only those: ./run test ${failed[*]}"
}

# Known order first, then labels nobody told us of, then the web's.
all_labels() {
    local label found
    found=" $(ctest --test-dir "$ROOT/build/$test_preset" --print-labels | awk '/^  /{print $1}' | tr '\n' ' ') "
    for label in unit property contract tidy fuzz integration; do
        [[ $found != *" $label "* ]] || echo "$label"
    done
    for label in $found; do
        [[ " unit property contract tidy fuzz integration e2e chaos " == *" $label "* ]] || echo "$label"
    done
    [[ $found != *" e2e "* ]] || echo e2e
    [[ $test_preset != release ]] || printf '%s\n' web browser
}

run_label() {
    case $1 in
        web) (cd "$ROOT/web" && npm test) ;;
        browser) run_browser_tests ;;
        e2e | chaos) run_ctest "$1" 1 ;;    # Each a whole suite with broker and database.
        integration) run_ctest "$1" 3 ;;    # They wait more than they work.
        *) run_ctest "$1" 2 ;;
    esac
}

# The services' and librdkafka's log lines of a failed test go to a file, its own words are printed.
run_ctest() {
    local log=$LOG_DIR/ctest-$1.log
    mkdir -p "$LOG_DIR"
    ctest --test-dir "$ROOT/build/$test_preset" -L "^$1\$" -j "$2" --output-on-failure --no-tests=error |
        tee "$log" | sed -u -E '/^(\{"time":|%[0-9]\|)/d'
}

# What tests find in their environment:
#   PREPAY_TEST_PG_URL      a private cluster, as a superuser
#   PREPAY_TEST_KAFKA_LIBS  Kafka's jars; PREPAY_TEST_JAVA the java to run them with
start_test_servers() {
    local label needed=
    export PREPAY_TEST_KAFKA_LIBS=$KAFKA_LIBS PREPAY_TEST_JAVA
    PREPAY_TEST_JAVA=$(command -v java)
    for label in "$@"; do
        [[ $PURE_LABELS == *" $label "* ]] || needed=yes
    done
    [[ -n $needed ]] || return 0
    begin_log postgres
    test_pg_port=$(free_port 28200)
    export PREPAY_TEST_PG_URL=postgresql://prepay_test@127.0.0.1:$test_pg_port/postgres
    step "PostgreSQL for tests on port $test_pg_port" start_test_postgres
}

start_test_postgres() {
    local data
    stop_processes QUIT 10 postgres    # Left over by a run that was killed.
    data=$(pg_data "$TEST_DIR")
    rm -rf "$data"
    pg_create "$data" prepay_test
    pg_start postgres "$data" "$test_pg_port" max_connections=300 shared_buffers=128MB
}

end_test_servers() { stop_processes QUIT 10 postgres; }

# free_port FROM: the first port from there on that nobody listens on.
free_port() {
    local port taken
    taken=" $(listening_ports | tr '\n' ' ') "
    for ((port = $1; ; port++)); do
        [[ $taken == *" $port "* ]] || { echo "$port"; return; }
    done
}

# The demo of the browser tests has its own folder and ports, beside one that may be running. What needs
# no demo is checked while it comes up, what measures time when everything else has ended.
run_browser_tests() {
    local status=0 at_mock=$LOG_DIR/browser-mock.log
    local checks=(env -C "$ROOT/web" "SHOTS_DIR=$TEST_DIR/shots" node --import tsx e2e/run.ts --group)
    export PREPAY_DEMO_DIR=$TEST_DIR/demo
    mkdir -p "$TEST_DIR/shots" "$LOG_DIR"
    "${checks[@]}" mock >"$at_mock" 2>&1 9>&- &
    mock_checks=$!
    if PREPAY_SKIP_BUILD=1 "$ROOT/run" demo --fresh --port-base 28000; then
        BASE_URL=http://127.0.0.1:28000 WEB_PASSWORD=$(cat "$PREPAY_DEMO_DIR/secrets/log_in.password") \
            "${checks[@]}" demo || status=1
    else
        status=1
    fi
    wait "$mock_checks" || status=1
    mock_checks=
    say "" "At the pretended console:"
    cat "$at_mock"
    "$ROOT/run" down || status=1
    say "" "By itself:"
    "${checks[@]}" speed || status=1
    unset PREPAY_DEMO_DIR
    return "$status"
}

end_mock_checks() {
    [[ -z ${mock_checks:-} ]] || kill "$mock_checks" 2>/dev/null || true
}

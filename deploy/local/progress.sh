# shellcheck shell=bash
# What the user sees: one line a step with its time, and what to do when one fails.

# now_ms: milliseconds of the wall clock.
now_ms() {
    local micros=${EPOCHREALTIME//[.,]/}
    echo $((micros / 1000))
}

say() { printf '%s\n' "$*"; }

# fail "message" ["what to do"]: ends the run.
fail() {
    printf '\n./run: %s\n' "$1" >&2
    [[ -z ${2:-} ]] || printf '       %s\n' "$2" >&2
    exit 1
}

# begin_log NAME: empties var/log/NAME.log (or $LOG_DIR's) and makes it the log of the next steps.
begin_log() {
    mkdir -p "${LOG_DIR:=$VAR/log}" 2>/dev/null || true
    [[ -w $LOG_DIR ]] ||
        fail "cannot write below $LOG_DIR" "It may belong to another user: run as that user, or remove $VAR."
    LOG=$LOG_DIR/$1.log
    : >"$LOG"
}

# step "what" command…: runs the command with its output in $LOG and prints what and how long. When
# it fails, prints the log's last lines and $HINT, and ends the run. A long step shows the log's
# newest line: on a terminal all the time, elsewhere once a minute.
step() {
    local what=$1 started status=0 elapsed
    shift
    started=$(now_ms)
    watch_log "$what" &
    WATCHER=$!
    set +e
    ( set -e; "$@" ) >>"$LOG" 2>&1
    status=$?
    set -e
    stop_watcher
    elapsed=$(($(now_ms) - started))
    if ((status == 0)); then
        printf '  %-52s %6d.%d s\n' "$what" $((elapsed / 1000)) $((elapsed % 1000 / 100))
        return
    fi
    printf '  %-52s failed\n\n' "$what"
    tail -n 25 "$LOG" | sed 's/^/    | /'
    fail "\"$what\" failed; the whole log is $LOG" \
        "${HINT:-Repair what the lines above say and run the same command again: it goes on from here.}"
}

watch_log() {
    local what=$1 parent=$$ seconds=0 line
    exec 9>&-
    while sleep 1 && kill -0 "$parent" 2>/dev/null; do
        seconds=$((seconds + 1))
        line=$(tail -n 1 "$LOG" 2>/dev/null | tr -d '\000-\037' | cut -c1-60)
        if [[ -t 1 ]]; then
            printf '\r  %-40.40s %s\033[K' "$what" "$line"
        elif ((seconds % 60 == 0)); then
            printf '  … %s, %d min: %s\n' "$what" $((seconds / 60)) "$line"
        fi
    done
}

stop_watcher() {
    [[ -n ${WATCHER:-} ]] || return 0
    kill "$WATCHER" 2>/dev/null || true
    wait "$WATCHER" 2>/dev/null || true
    WATCHER=
    [[ ! -t 1 ]] || printf '\r\033[K'
}

# Ctrl-C leaves whatever was reached; both commands below can go on from any such state.
on_interrupt() {
    stop_watcher
    printf '\n./run: stopped. Run the same command again to go on from here' >&2
    [[ $COMMAND != demo ]] || printf ', or ./run down to end what was started' >&2
    printf '.\n' >&2
    exit 130
}
trap on_interrupt INT TERM
trap stop_watcher EXIT

# as_root command…: as root, by sudo when needed.
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "\"$*\" needs root: run ./run as root once, or install sudo"
        return 1
    fi
}

# take_lock FILE: one ./run of a kind at a time. The descriptor is not handed to children that stay.
take_lock() {
    mkdir -p "$(dirname "$1")"
    exec 9>"$1"
    flock -n 9 || fail "another ./run $COMMAND is at work here" "Wait for it to end."
}

# shellcheck shell=bash
# Processes that stay after ./run has returned. $RUN_DIR holds one file a process: its pid and its
# start time in kernel ticks, so that a pid that was given to another program is never touched.

# start_time PID: field 22 of /proc/PID/stat, counted after the command's closing parenthesis.
start_time() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- $stat
    [[ $1 != Z ]] && echo "${20}"
}

# pid_of NAME: prints the pid when the process that was started under this name is alive.
pid_of() {
    local pid started
    read -r pid started 2>/dev/null <"$RUN_DIR/$1.pid" || return 1
    [[ $(start_time "$pid") == "$started" ]] && echo "$pid"
}

is_running() { pid_of "$1" >/dev/null; }

# start_process NAME command…: in a session of its own, output appended to $LOG_DIR/NAME.log. The
# process notes its own pid before it becomes the command, so that nothing is started unnoted.
start_process() {
    local name=$1
    shift
    ! is_running "$name" || return 0
    mkdir -p "$RUN_DIR" "$LOG_DIR"
    rm -f "$RUN_DIR/$name.pid"
    # shellcheck disable=SC2016
    setsid bash -c 'source "$0"; file=$1; shift
        echo "$$ $(start_time $$)" >"$file.new" && mv "$file.new" "$file" && cd / && exec "$@"' \
        "$HERE/process.sh" "$RUN_DIR/$name.pid" "$@" >>"$LOG_DIR/$name.log" 2>&1 </dev/null 9>&- &
    disown
    until [[ -s $RUN_DIR/$name.pid ]]; do sleep 0.02; done
}

# stop_processes SIGNAL SECONDS NAME…: signals all at once, waits, and kills what is left then.
stop_processes() {
    local signal=$1 deadline=$((SECONDS + $2)) name pid
    shift 2
    for name in "$@"; do
        if pid=$(pid_of "$name"); then kill -"$signal" "$pid" 2>/dev/null || true; fi
    done
    for name in "$@"; do
        while pid=$(pid_of "$name"); do
            if ((SECONDS >= deadline)); then
                echo "$name did not end in time and was killed"
                kill -KILL "$pid" 2>/dev/null || true
            fi
            sleep 0.05
        done
        rm -f "$RUN_DIR/$name.pid"
    done
}

# runs_old_program NAME: the program's file was replaced since the process started.
runs_old_program() {
    local pid
    pid=$(pid_of "$1") && [[ $(readlink "/proc/$pid/exe") == *" (deleted)" ]]
}

# wait_until SECONDS NAME command…: until the command succeeds; fails when the process ends first.
wait_until() {
    local deadline=$((SECONDS + $1)) name=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ! is_running "$name"; then
            echo "$name has ended. Its last lines ($LOG_DIR/$name.log):"
            tail -n 15 "$LOG_DIR/$name.log"
            return 1
        fi
        if ((SECONDS >= deadline)); then
            echo "$name does not answer in time. Its last lines ($LOG_DIR/$name.log):"
            tail -n 15 "$LOG_DIR/$name.log"
            return 1
        fi
        sleep 0.1
    done
}

# Numbers of all TCP ports that somebody listens on, one a line.
listening_ports() {
    local hex
    awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        sort -u | while read -r hex; do echo $((16#$hex)); done
}

# owner_of PORT: "program (pid N)" of the listener, as far as this user may know.
owner_of() {
    local hex inode entry
    printf -v hex '%04X' "$1"
    inode=$(awk -v port=":$hex\$" '$4 == "0A" && $2 ~ port { print $10; exit }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null)
    for entry in /proc/[0-9]*/fd/*; do
        if [[ $(readlink "$entry" 2>/dev/null) == "socket:[$inode]" ]]; then
            entry=${entry%/fd/*}
            echo "$(cat "$entry/comm") (pid ${entry#/proc/})"
            return
        fi
    done
    echo "another program"
}

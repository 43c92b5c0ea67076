# shellcheck shell=bash
# ./run status: processes, health, memory and addresses of the demo. Exit code 1 unless all are well.

run_status() {
    local name pid state memory total=0 well=yes
    [[ -d $DEMO ]] || fail "there is no demo here" "./run demo makes one."
    use_demo
    printf '  %-20s %-12s %8s %9s  %s\n' process state pid memory address
    for name in "${PROCESSES[@]}"; do
        memory=0 state=stopped
        if pid=$(pid_of "$name"); then
            state=healthy
            is_healthy "$name" || state="not ready"
            memory=$(memory_kib "$pid")
        fi
        [[ $state == healthy ]] || well=
        total=$((total + memory))
        printf '  %-20s %-12s %8s %5d MiB  %s\n' "$name" "$state" "${pid:--}" $((memory / 1024)) \
            "$([[ ! -v PORT_OFFSETS[$name] ]] || echo "127.0.0.1:$(port "$name")")"
    done
    printf '  %-20s %-12s %8s %5d MiB  (PSS: shared pages counted once)\n' total "" "" $((total / 1024))
    [[ -n $well ]]
}

# Proportional set size of a process and its children; their resident size where that is hidden.
memory_kib() {
    local pid sum=0 size
    for pid in "$1" $(ps -o pid= --ppid "$1"); do
        size=$(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null) ||
            size=$(ps -o rss= -p "$pid" || echo 0)
        sum=$((sum + ${size:-0}))
    done
    echo "$sum"
}

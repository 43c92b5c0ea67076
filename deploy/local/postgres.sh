# shellcheck shell=bash
# Private PostgreSQL clusters. PostgreSQL refuses to run as root: for root they belong to the user
# "postgres" of the Debian package, otherwise to whoever runs ./run.

pg_bin() {
    local folders=(/usr/lib/postgresql/*/bin)
    echo "${folders[-1]}"
}

as_cluster_user=()
((EUID != 0)) || as_cluster_user=(setpriv --reuid=postgres --regid=postgres --init-groups --)

# pg_data FOLDER: where the cluster of FOLDER is: FOLDER/pg, or below /var/lib when the cluster's
# user cannot reach FOLDER (a tree in /root).
pg_data() {
    mkdir -p "$1"
    if "${as_cluster_user[@]}" test -x "$1"; then
        echo "$1/pg"
    else
        echo "/var/lib/postgresql/prepay-$(sha256sum <<<"$1" | cut -c1-12)"
    fi
}

# pg_create DATA SUPERUSER [PASSWORD]: without a password everyone on this machine is let in.
pg_create() {
    local data=$1 user=$2 password=${3:-} password_file auth=trust arguments=()
    [[ ! -e $data/.created ]] || return 0
    rm -rf "$data"
    mkdir -p "$data"
    if [[ -n $password ]]; then
        auth=scram-sha-256
        password_file=$(mktemp)
        echo "$password" >"$password_file"
        arguments=(--pwfile="$password_file")
    fi
    ((EUID != 0)) || chown postgres: "$data" ${password_file:+"$password_file"}
    (cd / && "${as_cluster_user[@]}" "$(pg_bin)/initdb" -D "$data" -U "$user" -A "$auth" \
        --encoding=UTF8 --locale=C "${arguments[@]}")
    rm -f "${password_file:-}"
    touch "$data/.created"
}

# pg_start NAME DATA PORT [option…]: starts and waits until it takes connections. Durable (fsync on)
# and small; options are `name=value` settings.
pg_start() {
    local name=$1 data=$2 port=$3 settings=() setting try
    shift 3
    for setting in listen_addresses=127.0.0.1 unix_socket_directories= "port=$port" \
        timezone=UTC log_timezone=UTC fsync=on max_connections=100 \
        shared_buffers=64MB work_mem=4MB maintenance_work_mem=32MB max_wal_size=512MB \
        jit=off max_parallel_workers_per_gather=0 autovacuum_max_workers=2 \
        dynamic_shared_memory_type=posix log_line_prefix='%m [%p] %u ' "$@"; do
        settings+=(-c "$setting")
    done
    forget_recycled_postmaster "$data"
    # After a kill -9 the orphaned backends may need a moment to let go of the shared memory.
    for try in 1 2 3 4 5; do
        start_process "$name" "${as_cluster_user[@]}" "$(pg_bin)/postgres" -D "$data" "${settings[@]}"
        if wait_until 60 "$name" "$(pg_bin)/pg_isready" -q -h 127.0.0.1 -p "$port"; then
            return 0
        fi
        ! is_running "$name" || return 1
        echo "try $try did not come up"
        sleep 1
    done
    return 1
}

# The lock file of a crashed postmaster may name a pid that is somebody else's by now.
forget_recycled_postmaster() {
    local pid
    pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) || return 0
    if [[ -e /proc/$pid ]] && ! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$1"; then
        rm -f "$1/postmaster.pid"
    fi
}

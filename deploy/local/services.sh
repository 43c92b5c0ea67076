# shellcheck shell=bash
# The processes of the demo: names, ports, secrets, configuration, start, health.

DEMO=${PREPAY_DEMO_DIR:-$VAR/demo}
readonly DEMO
readonly HELPERS=(token-keeper park-keeper park-simulator provider-simulator smtp)

use_demo() {
    RUN_DIR=$DEMO/run
    # shellcheck disable=SC2034  # progress.sh and process.sh use it
    LOG_DIR=$DEMO/log
    load_topology
    PROCESSES=(postgres kafka "${HELPERS[@]}" "${SERVICES[@]}")
    PORT_BASE=$(cat "$DEMO/port_base" 2>/dev/null || echo "$DEFAULT_PORT_BASE")
}

# SERVICES and their SCHEMAS, PORT_OFFSETS (address name -> offset from the port base; a process owns
# the ports of its name and of <name>-*), LINE_PORTS: what topology.yaml says, rendered once a version.
load_topology() {
    local file
    file=$VAR/topology-$(cat "$ROOT/deploy/topology.yaml" "$HERE"/*topology.mjs | sha256sum | cut -c1-16).sh
    if [[ ! -e $file ]]; then
        use_node
        mkdir -p "$VAR"
        node "$HERE/render_topology.mjs" >"$file.new"
        mv "$file.new" "$file"
    fi
    # shellcheck source=/dev/null
    source "$file"
}

# The simulated payment provider: these go into the key files that it makes for the account service.
provider_options() {
    PROVIDER_OPTIONS=(--listen "127.0.0.1:$(port provider-simulator)"
        --notify-url "http://127.0.0.1:$(port console)/callbacks/wechat")
}

port() { echo $((PORT_BASE + PORT_OFFSETS[$1])); }

# Ports of processes that are to be started must be free.
check_ports() {
    local name endpoint taken
    taken=" $(listening_ports | tr '\n' ' ') "
    for name in "${PROCESSES[@]}"; do
        ! is_running "$name" || continue
        for endpoint in "${!PORT_OFFSETS[@]}"; do
            [[ $endpoint == "$name" || $endpoint == "$name"-* ]] || continue
            [[ $taken != *" $(port "$endpoint") "* ]] || port_taken "$(port "$endpoint")" "$endpoint"
        done
    done
    is_running park-simulator || for endpoint in $taken; do
        ((endpoint < PORT_BASE + LINE_PORTS || endpoint >= PORT_BASE + LINE_PORTS + 20)) ||
            port_taken "$endpoint" "a simulated line"
    done
}

port_taken() {
    fail "port $1 (for $2) is taken by $(owner_of "$1")" \
        "Stop that program, or give the demo other ports: ./run demo --port-base $((PORT_BASE + 1000))"
}

write_endpoints() {
    local name
    for name in "${!PORT_OFFSETS[@]}"; do
        printf '%s 127.0.0.1:%s\n' "$name" "$(port "$name")"
    done | sort | jq -R 'split(" ") | {(.[0]): .[1]}' | jq -s add >"$DEMO/endpoints.json"
}

# A file of $DEMO/secrets, made by the command when it is missing.
secret() {
    local file=$DEMO/secrets/$1
    shift
    [[ -s $file ]] || { "$@" >"$file.new" && mv "$file.new" "$file"; }
}

make_secrets() {
    local schema key=$DEMO/secrets/token_key.pem
    umask 077
    mkdir -p "$DEMO/secrets"
    secret token_key.pem openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    secret token_key.pub.pem openssl pkey -in "$key" -pubout
    secret pg_superuser.password openssl rand -hex 16
    secret log_in.password openssl rand -hex 6
    for schema in "${SCHEMAS[@]}"; do
        secret "pg_$schema.password" openssl rand -hex 16
    done
    rm -f "$LOG_DIR/token-keeper.log"
    stop_processes TERM 5 token-keeper  # A new one renews the tokens first of all.
    start_process token-keeper bash "$HERE/token_keeper.sh" "$BIN/prepay-console" "$DEMO/secrets" \
        "${SCHEMAS[@]}"
    wait_until 30 token-keeper is_healthy token-keeper
    [[ -s $DEMO/secrets/wechat/account-wechat.yaml ]] || "$BIN/prepay-provider-simulator" --init-only \
        --keys-dir "$DEMO/secrets/wechat" "${PROVIDER_OPTIONS[@]}"
}

start_postgres() {
    local data
    data=$(pg_data "$DEMO")
    pg_create "$data" postgres "$(cat "$DEMO/secrets/pg_superuser.password")"
    pg_start postgres "$data" "$(port postgres)"
    create_database
}

create_database() {
    local schema passwords=()
    PGPASSWORD=$(cat "$DEMO/secrets/pg_superuser.password")
    export PGPASSWORD PGHOST=127.0.0.1 PGUSER=postgres PGPORT
    PGPORT=$(port postgres)
    psql -qAt -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'prepay'" | grep -q 1 ||
        psql -q -d postgres -c 'CREATE DATABASE prepay'
    for schema in "${SCHEMAS[@]}"; do
        passwords+=(-v "$schema=$(cat "$DEMO/secrets/pg_$schema.password")")
    done
    psql -q -d prepay -v ON_ERROR_STOP=1 "${passwords[@]}" -f "$ROOT/deploy/postgres/bootstrap.sql"
}

start_kafka() { kafka_start kafka "$DEMO" "$(port kafka)" "$(port kafka-controller)"; }

ready_kafka() {
    wait_until 60 kafka is_listening "$(port kafka)"
    kafka_topics "$DEMO" "$(port kafka)"
}

is_listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_helpers() {
    start_process provider-simulator "$BIN/prepay-provider-simulator" \
        --keys-dir "$DEMO/secrets/wechat" "${PROVIDER_OPTIONS[@]}"
    start_process smtp node "$HERE/smtp_sink.mjs" "127.0.0.1:$(port smtp)" "$DEMO/mail"
    is_running park-simulator || stop_processes TERM 5 park-keeper
    start_process park-simulator "$BIN/prepay-park-simulator" \
        --control "127.0.0.1:$(port park-simulator)" --park "$DEMO/park.yaml"
    is_running park-keeper || rm -f "$LOG_DIR/park-keeper.log"
    start_process park-keeper node "$HERE/park_keeper.mjs" "127.0.0.1:$(port park-simulator)" \
        "$DEMO/park.state.json" "$(sed -n 's/^speed: //p' "$DEMO/park.yaml")"
    wait_until 30 park-keeper is_healthy park-keeper
}

# Starts the services; one whose program or configuration has changed is ended first.
start_services() {
    local service config stamp
    for service in "${SERVICES[@]}"; do
        config=$DEMO/config/$service.yaml
        stamp=$RUN_DIR/$service.config
        if is_running "$service" && { runs_old_program "$service" || ! cmp -s "$config" "$stamp"; }; then
            stop_processes TERM 15 "$service"
        fi
        if ! is_running "$service"; then
            "$BIN/prepay-$service" --config "$config" --check-config >/dev/null
            cp "$config" "$stamp"
            # Two malloc arenas instead of eight a core: memory that one thread frees serves another.
            start_process "$service" env MALLOC_ARENA_MAX=2 "$BIN/prepay-$service" --config "$config"
        fi
    done
}

is_healthy() {
    case $1 in
        postgres) "$(pg_bin)/pg_isready" -q -h 127.0.0.1 -p "$(port postgres)" ;;
        kafka | smtp | park-simulator) is_listening "$(port "$1")" ;;
        token-keeper) grep -q ^renewed "$LOG_DIR/token-keeper.log" ;;
        park-keeper) grep -q ^ready "$LOG_DIR/park-keeper.log" ;;
        provider-simulator) curl -sf -m 2 -o /dev/null "http://127.0.0.1:$(port "$1")/healthz" ;;
        *) curl -sf -m 2 -o /dev/null "http://127.0.0.1:$(port "$1-http")/readyz" ;;
    esac
}

wait_healthy() {
    local name
    for name in "${PROCESSES[@]}"; do
        if ! wait_until 120 "$name" is_healthy "$name"; then
            [[ ! " ${SERVICES[*]} " == *" $name "* ]] ||
                curl -s -m 2 "http://127.0.0.1:$(port "$name-http")/readyz" || true
            return 1
        fi
    done
}

# stop_demo: services drain first, what they lean on ends last. Touches nothing that was not started.
stop_demo() {
    stop_processes TERM 15 "${SERVICES[@]}"
    stop_processes TERM 5 park-keeper
    stop_processes TERM 10 "${HELPERS[@]}"
    stop_processes TERM 20 kafka
    stop_processes INT 20 postgres
}

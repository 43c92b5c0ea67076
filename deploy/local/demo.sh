# shellcheck shell=bash
# ./run demo: builds, starts what is not running, seeds the park once, prints where to click.

run_demo() {
    local fresh='' base=''
    while (($# > 0)); do
        case $1 in
            --fresh) fresh=yes ;;
            --port-base) base=${2:-} ; shift ;;
            --port-base=*) base=${1#*=} ;;
            *) usage >&2; exit 2 ;;
        esac
        shift
    done
    [[ -z $base || $base =~ ^[0-9]+$ && $base -ge 1024 && $base -le 64000 ]] ||
        fail "--port-base takes a number from 1024 to 64000"
    take_lock "$DEMO.lock"
    say "Preparing:"
    begin_log packages
    ensure_packages
    ensure_toolchain
    ensure_built --target prepay-demo
    use_demo
    say "Starting:"
    begin_log run
    choose_data "$fresh" "$base"
    begin_log run
    check_ports
    start_demo
    HINT="./run demo goes on with the seeding; ./run demo --fresh starts with empty data." \
        step "park: rooms, tariffs, accounts, 60 days of history" seed_park
    print_welcome
}

# Ends a demo that runs on other ports or is to be emptied, and notes the port base.
choose_data() {
    local fresh=$1 base=${2:-$PORT_BASE}
    # Addresses of lines and of the provider are in the data.
    [[ -n $fresh || $base == "$PORT_BASE" || ! -e $DEMO/seeded ]] ||
        fail "this demo's data was made on port base $PORT_BASE" \
            "Go on with it: ./run demo --port-base $PORT_BASE. Begin anew: ./run demo --fresh --port-base $base."
    if [[ -n $fresh || $base != "$PORT_BASE" ]] && compgen -G "$RUN_DIR/*.pid" >/dev/null; then
        step "end what is running" stop_demo
    fi
    if [[ -n $fresh ]]; then
        rm -rf "$(pg_data "$DEMO")" "$DEMO"
    fi
    PORT_BASE=$base
    mkdir -p "$DEMO"
    echo "$PORT_BASE" >"$DEMO/port_base"
}

start_demo() {
    provider_options
    HINT="./run demo --fresh starts with empty data, if this data cannot be saved." \
        step "PostgreSQL (port $(port postgres)), Kafka begins" start_stores
    step "configuration, simulators and services begin" start_programs
    step "Kafka (port $(port kafka)) and its topics" ready_kafka
    HINT="./run status shows who is not well, $DEMO/log why. Data of an older build (MIGRATION_CHANGED): ./run demo --fresh." \
        step "all healthy" wait_healthy
}

start_stores() {
    make_secrets
    start_kafka
    start_postgres
}

start_programs() {
    write_endpoints
    node "$HERE/render_config.mjs" "$DEMO"
    node "$HERE/render_park.mjs" "$DEMO"
    start_helpers
    start_services
}

seed_park() {
    [[ ! -e $DEMO/seeded ]] || return 0
    "$BIN/prepay-console" create-user --config "$DEMO/config/console.yaml" --user-name admin \
        --display-name "Administrator" --role admin --password-stdin <"$DEMO/secrets/log_in.password"
    node "$HERE/seed.mjs" "$DEMO"
    touch "$DEMO/seeded"
}

print_welcome() {
    local address
    address=http://127.0.0.1:$(port console)
    cat <<TEXT

OpenPrepay is running: $address

  Log in as         admin (or operator, cashier, viewer), password $(cat "$DEMO/secrets/log_in.password")
  Try first         $(jq -r '.story | join("\n                    ")' "$DEMO/welcome.json")
  Tenant's phone    $address$(jq -r .tenant_path "$DEMO/welcome.json")
  Mails sent        $DEMO/mail
  Addresses         $DEMO/endpoints.json   (./run status shows health and memory)
  Stop              ./run down             (the data stays; ./run demo goes on with it)
TEXT
}

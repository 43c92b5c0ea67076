# shellcheck shell=bash
# What Debian does not have in the version we need: Node 22 and Apache Kafka.

# True when node exists and is new enough for the web build (20.19).
node_is_new_enough() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        node -e 'const [a, b] = process.versions.node.split(".").map(Number);
                 process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

# Puts our own Node first where the system's is too old.
use_node() {
    if [[ -e $TOOLS/node ]] && ! node_is_new_enough; then
        PATH=$TOOLS/node/node_modules/.bin:$PATH
        export PATH
        hash -r
    fi
}

install_node() {
    use_node
    node_is_new_enough || npm install --no-audit --no-fund --prefix "$TOOLS/node" node@22 npm@10
    use_node
    node_is_new_enough || { echo "no Node >= 20.19 after the installation"; return 1; }
    echo "node $(node --version), npm $(npm --version)"
}

# npm_packages FOLDER: what FOLDER/package-lock.json names, once a version of that file.
npm_packages() {
    local folder=$1 stamp
    stamp=$folder/node_modules/.prepay-$(sha256sum <"$folder/package-lock.json" | cut -c1-16)
    [[ ! -e $stamp ]] || return 0
    npm ci --no-audit --no-fund --prefix "$folder"
    touch "$stamp"
}

readonly KAFKA_LIBS=$TOOLS/kafka/libs

install_kafka() {
    local stamp
    stamp=$KAFKA_LIBS/.prepay-$(sha256sum <"$ROOT/deploy/kafka/pom.xml" | cut -c1-16)
    [[ ! -e $stamp ]] || return 0
    rm -rf "$KAFKA_LIBS"
    mvn -q -B -f "$ROOT/deploy/kafka/pom.xml" "-Dmaven.repo.local=$TOOLS/maven" \
        dependency:copy-dependencies "-DoutputDirectory=$KAFKA_LIBS"
    touch "$stamp"
}

ensure_toolchain() {
    begin_log toolchain
    HINT="The npm registry and Maven Central must be reachable for the first run." \
        step "Node and npm packages" install_toolchain_npm
    use_node
    HINT="The npm registry and Maven Central must be reachable for the first run." \
        step "Apache Kafka" install_kafka
}

install_toolchain_npm() {
    install_node
    npm_packages "$HERE"
}

# shellcheck shell=bash
# One Apache Kafka node from the jars in var/tools/kafka (deploy/kafka/server.properties).

# A C1-only, serial-GC machine is up in 2 s and holds 200 MB; a broker of this size needs no more.
java_options=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true
    -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS)

# kafka_start NAME FOLDER PORT CONTROLLER_PORT: formats FOLDER/kafka once; does not wait.
kafka_start() {
    local name=$1 folder=$2 port=$3 controller_port=$4
    mkdir -p "$folder/kafka"
    sed -e "s#@PORT@#$port#g" -e "s#@CONTROLLER_PORT@#$controller_port#g" -e "s#@DATA@#$folder/kafka#g" \
        "$ROOT/deploy/kafka/server.properties" >"$folder/server.properties"
    if [[ ! -e $folder/kafka/meta.properties ]]; then
        java "${java_options[@]}" -Xmx128m -cp "$KAFKA_LIBS/*" kafka.tools.StorageTool \
            format -t "$(openssl rand -base64 16 | tr '+/' '-_' | cut -c1-22)" -c "$folder/server.properties"
    fi
    start_process "$name" java "${java_options[@]}" -Xms64m -Xmx256m \
        -cp "$KAFKA_LIBS/*" kafka.Kafka "$folder/server.properties"
}

# kafka_topics FOLDER PORT: what topology.yaml says, once a version of that file.
kafka_topics() {
    local stamp
    stamp=$1/kafka/.topics-$(sha256sum <"$ROOT/deploy/topology.yaml" | cut -c1-16)
    [[ ! -e $stamp ]] || return 0
    java "${java_options[@]}" -Xmx128m -cp "$KAFKA_LIBS/*" \
        "$ROOT/deploy/kafka/Topics.java" "$ROOT/deploy/topology.yaml" "127.0.0.1:$2" local
    touch "$stamp"
}

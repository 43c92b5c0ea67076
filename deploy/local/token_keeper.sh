#!/usr/bin/env bash
# token_keeper.sh PREPAY_CONSOLE SECRETS_DIR SCHEMA…: makes the services' tokens anew, for a day, once
# an hour. Each file changes in one step; the services read it again by themselves.
set -euo pipefail
umask 077
console=$1 secrets=$2
shift 2
while true; do
    for schema in "$@"; do
        file=$secrets/$schema.token
        "$console" mint-token --key-file "$secrets/token_key.pem" --subject "prepay-$schema" \
            --role service --hours 24 >"$file.new"
        mv "$file.new" "$file"
    done
    echo "renewed $*"
    sleep 3600 &
    trap 'kill $!; exit 0' TERM
    wait $!
done

# shellcheck shell=bash
# ./run features [yes|partly|no]: docs/features.yaml as a table, and the counts.

run_features() {
    local only=${1:-}
    [[ $only =~ ^(yes|partly|no|)$ ]] || fail "there is no state \"$only\"" "There are: yes, partly, no"
    awk -v only="$only" '
        function text(line) {
            sub(/^ *-? *[a-z]+: */, "", line)
            if (line ~ /^".*"$/) line = substr(line, 2, length(line) - 2)
            return line
        }
        function put() {
            if (id != "" && (only == "" || only == state))
                printf "%-5s %-7s %s%s\n", id, state, what, missing == "" ? "" : "  [missing: " missing "]"
            if (id != "") count[state]++
            missing = ""
        }
        /^- id:/ { put(); id = text($0) }
        /^  what:/ { what = text($0) }
        /^  state:/ { state = text($0) }
        /^  missing:/ { missing = text($0) }
        END {
            put()
            printf "\n%d yes, %d partly, %d no\n", count["yes"], count["partly"], count["no"]
        }' "$ROOT/docs/features.yaml"
}

# shellcheck shell=bash
# The C++ tree (build/release) and the web pages (web/dist).

build_cpp() {
    cd "$ROOT" || return
    [[ -e build/$1/build.ninja ]] || cmake --preset "$1"
    cmake --build --preset "$@"
}

# Built again when a source is newer than the stamp of the last good build.
build_web() {
    local stamp=$TOOLS/web.built
    npm_packages "$ROOT/web"
    if [[ -e $stamp && -e $ROOT/web/dist/index.html ]] &&
        [[ -z $(find "$ROOT/web" "$ROOT/proto" -newer "$stamp" -type f \
            -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/src/gen/*' -print -quit) ]]; then
        return 0
    fi
    cd "$ROOT/web" || return
    npm run build
    mkdir -p "$TOOLS"
    touch "$stamp"
}

# ensure_preset_built dev|tsan: the tests with sanitizers.
ensure_preset_built() {
    [[ -z ${PREPAY_SKIP_BUILD:-} ]] || return 0
    begin_log "build-$1"
    HINT="Repair the source named above; ninja goes on where it stopped." \
        step "C++ programs with sanitizers ($1)" build_cpp "$1"
}

# PREPAY_SKIP_BUILD=1 takes the programs and pages as they are.
ensure_built() {
    [[ -z ${PREPAY_SKIP_BUILD:-} ]] || return 0
    begin_log build
    HINT="Repair the source named above; ninja goes on where it stopped." \
        step "C++ programs" build_cpp release "$@"
    begin_log build-web
    step "web pages" build_web
}

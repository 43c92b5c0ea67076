# shellcheck shell=bash
# Debian packages of packages.txt.

missing_packages() {
    local package unless
    while read -r package unless; do
        [[ -n $package && $package != \#* ]] || continue
        [[ -z $unless ]] || ! command -v "$unless" >/dev/null || continue
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
    done <"$HERE/packages.txt"
}

install_packages() {
    local packages no_cluster=/etc/postgresql-common/createcluster.d/prepay.conf
    mapfile -t packages < <(missing_packages)
    ((${#packages[@]} > 0)) || return 0
    echo "installing ${packages[*]}"
    # Only our own clusters are wanted: keep the package from starting one on port 5432.
    if [[ ! -e /usr/lib/postgresql ]]; then
        as_root mkdir -p "$(dirname "$no_cluster")"
        echo "create_main_cluster = false" | as_root tee "$no_cluster" >/dev/null
    fi
    as_root apt-get update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "${packages[@]}"
    as_root rm -f "$no_cluster"
}

ensure_packages() {
    local count
    count=$(missing_packages | wc -l)
    HINT="Needs Debian 12, a reachable package mirror, and root or sudo. All packages are in deploy/local/packages.txt." \
        step "Debian packages ($count to install)" install_packages
}

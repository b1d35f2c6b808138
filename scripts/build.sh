# What a source tree needs before anything runs: Debian's packages, and one release build.

packages_build=(g++ cmake ninja-build pkg-config ccache libzmq3-dev cppzmq-dev libmsgpack-cxx-dev
    libpq-dev nlohmann-json3-dev libspdlog-dev libcli11-dev libtomlplusplus-dev libsodium-dev
    libxxhash-dev libzstd-dev zlib1g-dev libgtest-dev postgresql-15)
packages_checks=(clang-format strace redis-server libhiredis-dev python3 python3-jsonschema
    python3-psycopg2)

# Installs those of "$@" that are missing; does not touch apt when none is.
install_packages() {
    local missing=() package log=$ESTEIRA_HOME/build/packages.log
    command -v dpkg-query >/dev/null ||
        die 1 "this is no Debian; install by hand: $*"
    for package in "$@"; do
        package_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    local as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null ||
            die 1 "missing packages; as root run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "esteira: installing with apt: ${missing[*]}"
    mkdir -p "$ESTEIRA_HOME/build"
    {
        apt_get update && install_without_cluster "${missing[@]}"
    } >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die 1 "apt could not install them; the whole story is in $log"
    }
}

package_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | head -n 1) == installed ]]
}

apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# Debian's postgresql-15 makes and starts a cluster of its own when it is installed. We do not use it,
# so it is not made: the setting is off during the installation, and as it was afterwards.
install_without_cluster() {
    local setting=/etc/postgresql-common/createcluster.conf
    if package_installed postgresql-15 || [[ " $* " != *" postgresql-15 "* ]]; then
        apt_get install --no-install-recommends "$@"
        return
    fi
    apt_get install --no-install-recommends postgresql-common || return
    "${as_root[@]}" cp -p "$setting" "$setting.esteira" || return
    "${as_root[@]}" sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' "$setting"
    local result=0
    apt_get install --no-install-recommends "$@" || result=$?
    "${as_root[@]}" mv "$setting.esteira" "$setting"
    return "$result"
}

# build_preset PRESET [TARGET...]: configures when needed, builds, is silent unless it takes long.
# A lock lets the second of two wait for the first.
build_preset() (
    preset=$1
    shift
    cd "$ESTEIRA_HOME" || exit 1
    # The compiler's cache serves every clone of the same sources.
    export CCACHE_BASEDIR=$ESTEIRA_HOME CCACHE_NOHASHDIR=1
    mkdir -p build
    log=build/$preset.log
    exec 9>"build/.$preset.lock"
    flock -n 9 || {
        say "esteira: another build of $preset runs; waiting for it"
        flock 9
    }
    trap 'kill "$worker" 2>/dev/null || true' EXIT
    {
        { [[ -f build/$preset/build.ninja ]] || cmake --preset "$preset"; } &&
            cmake --build --preset "$preset" ${1:+--target "$@"}
    } >"$log" 2>&1 9>&- &
    worker=$!
    for ((waited = 0; ; ++waited)); do
        kill -0 "$worker" 2>/dev/null || break
        ((waited != 40)) || say "esteira: building ($preset); the first time takes some minutes"
        sleep 0.05
    done
    if ! wait "$worker"; then
        grep -E -A 12 'error|FAILED' "$log" | tail -n 40 >&2 || tail -n 20 "$log" >&2
        die 1 "the build failed; the whole story is in $ESTEIRA_HOME/$log"
    fi
)

build_programs() {
    install_packages "${packages_build[@]}"
    build_preset release programs
}

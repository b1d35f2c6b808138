# up, down and status: one farm in one folder, the var folder.
#
#   run/env          what the other words need to find this farm, NAME=value a line
#   run/<name>.pid   number, start time and boot of a process (see process_runs); those of workers
#                    are written by the supervisor
#   log/<name>.log   what it said
#   broker/          the journal
#   pg/              PostgreSQL's data, where its user may go
#
# Sockets lie in a short folder of their own: a path over 107 bytes would not fit.

postgres_bin=/usr/lib/postgresql/15/bin
postgres_account=esteira # As root: PostgreSQL refuses to run as root.

# Sets var: --var, else ESTEIRA_VAR, else ./var of the source tree or of the current folder.
choose_var() {
    local home=${source_tree:+$ESTEIRA_HOME}
    var=$(realpath -m -- "${1:-${ESTEIRA_VAR:-${home:-$PWD}/var}}")
    [[ $var != *[$'\n"\\\'']* ]] || die 2 "quotes in the folder's name will not do: $var"
    export ESTEIRA_VAR=$var
    # A farm in the default folder and one elsewhere must never share a socket.
    farm_key=$(printf '%s' "$var" | cksum | cut -d ' ' -f 1)
}

# Exports what the farm's run/env says, where the caller has not said otherwise.
load_farm_environment() {
    local name value
    choose_var ""
    [[ -n $source_tree ]] && export ESTEIRA_CONFIG=${ESTEIRA_CONFIG:-$ESTEIRA_HOME/config/esteira.toml}
    [[ -r $var/run/env ]] || return 0
    while IFS='=' read -r name value; do
        [[ $name == ESTEIRA_* && -z ${!name+set} ]] && export "$name=$value"
    done <"$var/run/env"
    return 0
}

# What run/env says about one name; nothing when there is no such file or name.
farm_value() { [[ ! -r $var/run/env ]] || sed -n "s/^$1=//p" "$var/run/env"; }

# A folder that is ours and nobody else's, whatever stood there before.
private_folder() {
    [[ -d $1 ]] || mkdir -m 0700 -- "$1"
    [[ ! -L $1 && -O $1 ]] || die 1 "$1 belongs to somebody else"
    chmod "${2:-0700}" -- "$1"
}

# Where a farm that was started has its sockets; else the shortest private place there is.
choose_sockets() {
    sockets=$(farm_value ESTEIRA__BROKER__OPS_SOCKET)
    sockets=${sockets%/ops/ops.sock}
    if [[ -n $sockets && -d $sockets ]]; then
        return
    elif ((EUID == 0)); then
        sockets=/run/esteira-$farm_key
    elif [[ -n ${XDG_RUNTIME_DIR:-} && -O ${XDG_RUNTIME_DIR:-} && ${#XDG_RUNTIME_DIR} -lt 60 ]]; then
        sockets=$XDG_RUNTIME_DIR/esteira-$farm_key
    else
        sockets=/tmp/esteira-$EUID-$farm_key
    fi
}

make_folders() {
    umask 077
    ulimit -c 0 # A core would hold messages and keys.
    mkdir -p -- "$var"
    # As root, PostgreSQL's user has to pass through to its own folder, and can see nothing else.
    private_folder "$var" "$( ((EUID == 0)) && echo 0711 || echo 0700)"
    private_folder "$var/run"
    private_folder "$var/log"
    private_folder "$sockets" "$( ((EUID == 0)) && echo 0711 || echo 0700)"
    private_folder "$sockets/ops"
}

# start NAME COMMAND...: in the background, apart from this terminal, with a pid file and a log.
start() {
    local name=$1 file=$var/run/$1.pid
    shift
    printf -- '--- %s start: %s\n' "$(date -u +%FT%TZ)" "$*" >>"$var/log/$name.log"
    setsid "$@" </dev/null >>"$var/log/$name.log" 2>&1 8>&- &
    started_now+=("$name")
    children[$name]=$!
    process_mark "$!" >"$file" || true # A process that died at once has an empty mark, and is dead.
}

runs() { process_runs "$var/run/$1.pid"; }

# Why a process that should run does not: the end of its log.
show_log() {
    say "The end of $var/log/$1.log:"
    tail -n 12 "$var/log/$1.log" | sed 's/^/  /' >&2
}

# await_or_tell NAME SECONDS COMMAND...: until the command says that NAME is ready.
await_or_tell() {
    local name=$1 end=$((SECONDS + $2)) code=0
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ! runs "$name"; then
            wait "${children[$name]}" || code=$?
            show_log "$name"
            ((code)) || code=1
            die "$code" "$name ended with $code while it was starting"
        elif ((SECONDS >= end)); then
            show_log "$name"
            die 6 "$name is not ready"
        fi
        sleep 0.05
    done
}

# --- PostgreSQL -----------------------------------------------------------------------------------

as_postgres() {
    if ((EUID == 0)); then
        (cd / && setpriv --reuid="$postgres_account" --regid="$postgres_account" --init-groups \
            --reset-env -- "$@")
    else
        "$@"
    fi
}

# Sets postgres_data, and makes the folder above it.
choose_postgres_folder() {
    local folder=$var/pg
    if ((EUID == 0)); then
        id -u "$postgres_account" >/dev/null 2>&1 ||
            useradd --system --user-group --no-create-home --home-dir /nonexistent \
                --shell /usr/sbin/nologin "$postgres_account"
        # A checkout below /root, say: PostgreSQL's user cannot get there.
        as_postgres test -x "$var" || folder=/var/lib/esteira-$farm_key
    fi
    private_folder_of_postgres "$sockets/pg"
    private_folder_of_postgres "$folder"
    postgres_data=$folder/data
}

private_folder_of_postgres() {
    [[ -d $1 ]] || mkdir -m 0700 -- "$1"
    [[ ! -L $1 ]] || die 1 "$1 is a link"
    ((EUID != 0)) || chown "$postgres_account:$postgres_account" -- "$1"
    chmod 0700 -- "$1"
}

make_cluster() {
    [[ ! -f $postgres_data/PG_VERSION ]] || return 0
    say "esteira: making a PostgreSQL in $postgres_data"
    as_postgres "$postgres_bin/initdb" -D "$postgres_data" -U esteira -A trust -E UTF8 \
        --locale=C.UTF-8 >"$var/log/initdb.log" 2>&1 || {
        tail -n 12 "$var/log/initdb.log" >&2
        die 1 "initdb failed"
    }
}

# After a crash. PostgreSQL believes its old pid file when that number is taken, by whomever: after a
# restart of a container, where numbers come again, it would never start. And what the last one left
# running must have ended, or the new one finds its shared memory in use.
forget_stale_postmaster() {
    local file=$postgres_data/postmaster.pid number
    [[ -f $file ]] || return 0
    number=$(head -n 1 "$file")
    if [[ $number =~ ^[0-9]+$ ]] && process_mark "$number" >/dev/null &&
        [[ $(readlink "/proc/$number/cwd") == "$postgres_data" ]]; then
        die 4 "a PostgreSQL that this script did not start runs in $postgres_data (process $number)"
    fi
    await 20 nobody_works_in "$postgres_data" || die 1 "an old PostgreSQL still ends in $postgres_data"
    rm -f -- "$file" "$sockets"/pg/.s.PGSQL.*
}

nobody_works_in() {
    local folder
    for folder in /proc/[0-9]*/cwd; do
        [[ $(readlink "$folder" 2>/dev/null) != "$1" ]] || return 1
    done
}

start_postgres() {
    local settings=()
    if runs postgres; then return; fi
    make_cluster
    forget_stale_postmaster
    # On the command line, so that nothing that stands in the folder weakens them.
    settings=(-c listen_addresses= -c "unix_socket_directories=$sockets/pg" -c port=5432
        -c unix_socket_permissions=0700 -c fsync=on -c full_page_writes=on
        -c synchronous_commit=on -c timezone=UTC -c log_timezone=UTC -c logging_collector=off)
    local drop=()
    ((EUID != 0)) || drop=(setpriv "--reuid=$postgres_account" "--regid=$postgres_account"
        --init-groups --reset-env --)
    cd /
    start postgres "${drop[@]}" "$postgres_bin/postgres" -D "$postgres_data" "${settings[@]}"
    cd "$OLDPWD"
    await_or_tell postgres 60 "$postgres_bin/pg_isready" -q -h "$sockets/pg" -U esteira -d postgres
}

make_database() {
    local psql=("$postgres_bin/psql" -X -q -t -A -v ON_ERROR_STOP=1 -h "$sockets/pg" -U esteira)
    [[ $("${psql[@]}" -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'esteira'") == 1 ]] ||
        "${psql[@]}" -d postgres -c "CREATE DATABASE esteira"
}

# --- broker and supervisor ---------------------------------------------------------------------------

start_broker() {
    local endpoint=$ESTEIRA__BROKER__ENDPOINT address
    if runs broker; then return; fi
    address=${endpoint#tcp://}
    if [[ $endpoint == tcp://*:* ]] &&
        (exec 3<>"/dev/tcp/${address%:*}/${address##*:}") 2>/dev/null; then
        die 4 "something else listens on $endpoint; choose another with --endpoint tcp://127.0.0.1:PORT"
    fi
    start broker "$bin/esteira-broker" --config "$ESTEIRA_CONFIG"
    await_or_tell broker 60 "$bin/esteira-ctl" node ping --wait 2
}

# What the configuration declares of queues and topics; nothing, as it is shipped.
apply_definitions() {
    local code=0
    "$bin/esteira-ctl" definitions apply --quiet >&2 || code=$?
    ((code == 0)) || die "$code" "the broker cannot have the queues and topics that $ESTEIRA_CONFIG declares"
}

make_queue() {
    "$bin/esteira-ctl" queue show "$1" --json >/dev/null 2>&1 ||
        "$bin/esteira-ctl" queue create "$1" >/dev/null
}

# The queues that the pools take their messages from.
pool_queues() { "$bin/esteira-config" show | awk '$1 ~ /^workers\..*\.queue$/ { gsub(/"/, "", $2); print $2 }'; }

# The supervisor runs the workers. In the private PostgreSQL each type has the rights of its tables;
# with another one, what its connection string says.
start_supervisor() {
    local settings=()
    # A size that was set by hand outlives a restart, and would beat what is said now.
    if [[ -n $farm_workers ]] && { runs supervisor || pool_is_fixed; }; then
        "$bin/esteira-ctl" worker scale upsert-stock "$farm_workers" --json >/dev/null
        say "esteira: the pool has $farm_workers workers until ./esteira worker scale upsert-stock auto"
    fi
    if ! runs supervisor; then
        [[ $ESTEIRA__POSTGRES__URL != *"dbname=esteira user=esteira" ]] ||
            settings+=(ESTEIRA__WORKERS__UPSERT_STOCK__POSTGRES_USER=esteira_worker_stock
                ESTEIRA__WORKERS__ORDER_INGEST__POSTGRES_USER=esteira_worker_orders
                ESTEIRA__WORKERS__CLICK_INGEST__POSTGRES_USER=esteira_worker_clicks)
        [[ -z $farm_workers ]] || settings+=(
            "ESTEIRA__WORKERS__UPSERT_STOCK__POOL_MIN=$farm_workers"
            "ESTEIRA__WORKERS__UPSERT_STOCK__POOL_MAX=$farm_workers")
        start supervisor env "${settings[@]}" "$bin/esteira-supervisor" --config "$ESTEIRA_CONFIG"
    fi
    await_pools 60
}

pool_is_fixed() { "$bin/esteira-ctl" worker pools --json | grep -q '"mode": "fixed"'; }

# Until every pool has its workers, and the broker knows them.
await_pools() {
    local end=$((SECONDS + $1)) code worker
    for ((;;)); do
        code=0
        "$bin/esteira-ctl" worker pools --wait 1 >/dev/null 2>&1 || code=$?
        ((code != 0)) || return 0
        if ! runs supervisor; then
            code=1
            [[ -z ${children[supervisor]:-} ]] || wait "${children[supervisor]}" || code=$?
            show_log supervisor
            die "$code" "supervisor ended with $code while it was starting"
        elif ((code == 78)); then
            for worker in $(known_workers); do
                runs "$worker" || show_log "$worker"
            done
            die 78 "workers cannot work as they are configured"
        elif ((SECONDS >= end)); then
            show_log supervisor
            die 6 "the pools are not ready"
        fi
    done
}

# The private PostgreSQL with the rights of one role, made by the migrations. Another one's rights are
# what its connection string says.
url_as() {
    local url=${ESTEIRA__POSTGRES__URL:-}
    printf '%s' "${url/%dbname=esteira user=esteira/dbname=esteira user=$1}"
}

write_environment() {
    local name
    for name in ESTEIRA_VAR ESTEIRA_CONFIG ESTEIRA__BROKER__ENDPOINT ESTEIRA__BROKER__DATA \
        ESTEIRA__BROKER__OPS_SOCKET ESTEIRA__POSTGRES__URL; do
        [[ -z ${!name:-} ]] || printf '%s=%s\n' "$name" "${!name}"
    done >"$var/run/env.new"
    mv -- "$var/run/env.new" "$var/run/env"
}

# --- the words ------------------------------------------------------------------------------------

farm_options() {
    farm_var='' farm_endpoint='' farm_workers='' farm_json=''
    while (($#)); do
        case $1 in
            --var) farm_var=${2:?--var needs a folder} && shift ;;
            --var=*) farm_var=${1#*=} ;;
            --endpoint) farm_endpoint=${2:?--endpoint needs an address} && shift ;;
            --endpoint=*) farm_endpoint=${1#*=} ;;
            --workers) farm_workers=${2:?--workers needs a number} && shift ;;
            --workers=*) farm_workers=${1#*=} ;;
            --json) farm_json=1 ;;
            -h | --help)
                echo "usage: ./esteira up     [--var DIR] [--endpoint tcp://127.0.0.1:PORT] [--workers N] [--json]"
                echo "       ./esteira down   [--var DIR] [--json]"
                echo "       ./esteira status [--var DIR] [--json]"
                echo
                echo "DIR is ./var unless ESTEIRA_VAR says otherwise. N workers instead of as many as the"
                echo "backlog needs; see worker scale for a farm that runs. status ends with 0 when all that was"
                echo "started runs, 1 when some of it does not, 3 when nothing was started."
                exit 0
                ;;
            *) die 2 "unknown option $1" ;;
        esac
        shift
    done
    [[ $farm_workers =~ ^[0-9]{0,3}$ ]] || die 2 "--workers needs a number"
    choose_var "$farm_var"
}

# One word at a time may change a farm. The lock is let go when this shell ends; start() keeps it
# from the processes that stay.
lock_farm() {
    exec 8>"$var/run/lock"
    flock -n 8 || {
        say "esteira: another up or down works on $var; waiting for it"
        flock 8
    }
}

setting() { "$bin/esteira-config" get "$1"; }

farm_up() {
    farm_options "$@"
    [[ -z $source_tree ]] || build_programs
    choose_sockets
    make_folders
    lock_farm
    started_now=() stopped=() killed=()
    declare -gA children=()
    trap 'give_up' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    [[ -n ${ESTEIRA_CONFIG:-} || -z $source_tree ]] ||
        ESTEIRA_CONFIG=$ESTEIRA_HOME/config/esteira.toml
    export ESTEIRA_CONFIG=${ESTEIRA_CONFIG:-/etc/esteira/esteira.toml}
    choose_endpoint
    export ESTEIRA__BROKER__DATA=${ESTEIRA__BROKER__DATA:-$(setting broker.data)}
    export ESTEIRA__BROKER__OPS_SOCKET=$sockets/ops/ops.sock
    if [[ -z ${ESTEIRA__POSTGRES__URL:-} && -z $(setting postgres.url) ]]; then
        choose_postgres_folder
        start_postgres
        make_database
        export ESTEIRA__POSTGRES__URL="host=$sockets/pg port=5432 dbname=esteira user=esteira"
    fi
    start_broker
    write_environment
    "$bin/esteira-db" migrate >>"$var/log/db.log" 2>&1 || {
        show_log db
        die 1 "the database could not be brought up to date"
    }
    apply_definitions
    local queue
    while read -r queue; do
        make_queue "$queue"
    done < <(pool_queues)
    start_supervisor
    trap - EXIT INT TERM
    if ((${#started_now[@]})); then
        say "esteira: started ${started_now[*]}"
    else
        say "esteira: everything runs already"
    fi
    print_status
}

# While anything of a farm runs, its broker keeps its address, whatever is configured by now: the
# workers know no other.
choose_endpoint() {
    local asked=${farm_endpoint:-${ESTEIRA__BROKER__ENDPOINT:-}} name running=''
    for name in $(known_processes); do
        if runs "$name"; then running=$(farm_value ESTEIRA__BROKER__ENDPOINT); fi
    done
    [[ -z $running || -z $asked || $asked == "$running" ]] ||
        die 4 "the farm of $var runs with its broker at $running; ./esteira down first"
    asked=${running:-$asked}
    export ESTEIRA__BROKER__ENDPOINT=${asked:-$(setting broker.endpoint)}
}

# When `up` cannot finish, what it started goes again; what ran before stays.
give_up() {
    local code=$? i
    trap - EXIT
    for ((i = ${#started_now[@]} - 1; i >= 0; --i)); do
        stop "${started_now[i]}" || true
    done
    remove_sockets
    exit "$code"
}

# Asks NAME to end. Its pid file says afterwards whether there was anything to ask.
ask_to_stop() {
    local signal=TERM
    if [[ $1 == postgres ]]; then signal=INT; fi # Fast: PostgreSQL's TERM waits for its clients.
    if runs "$1"; then
        kill -s "$signal" "$pid" 2>/dev/null || true
    else
        rm -f -- "$var/run/$1.pid"
    fi
}

# stop NAME...: asks all of them, waits for each, and at last insists.
stop() {
    local name seconds=30
    if [[ $* == supervisor ]]; then seconds=$(drain_patience); fi
    for name in "$@"; do
        ask_to_stop "$name"
    done
    for name in "$@"; do
        [[ -e $var/run/$name.pid ]] || continue
        if await "$seconds" is_gone "$name"; then
            stopped+=("$name")
        else
            say "esteira: $name ($pid) did not stop in $seconds s; killing it"
            kill -s KILL "$pid" 2>/dev/null || true
            await 10 is_gone "$name" || die 1 "$name ($pid) cannot be killed"
            killed+=("$name")
        fi
        rm -f -- "$var/run/$name.pid"
    done
}

is_gone() { ! runs "$1"; }

# What workers may take to finish what they have begun, and the supervisor to insist.
drain_patience() {
    { ESTEIRA_CONFIG=${ESTEIRA_CONFIG:-$(farm_value ESTEIRA_CONFIG)} \
        "$bin/esteira-config" show 2>/dev/null || true; } |
        awk '$1 ~ /^workers\..*\.drain_s$/ && $2 > most { most = $2 } END { print most + 20 }'
}

# Workers without a supervisor were asked to stop by its death. To ask once more would hurry them.
stop_leftovers() {
    local name seconds workers
    mapfile -t workers < <(known_workers)
    ((${#workers[@]})) || return 0
    seconds=$(drain_patience)
    for name in "${workers[@]}"; do
        await "$seconds" is_gone "$name" || true
        stop "$name"
    done
}

# When nothing is left that listens.
remove_sockets() {
    [[ -z $(known_processes) ]] || return 0
    rm -rf -- "${sockets:?}/ops" "$sockets/pg"
    rmdir -- "$sockets" 2>/dev/null || true
}

# Names that have a pid file, in the order in which they stop.
known_processes() {
    local file name
    for file in "$var"/run/*.pid; do
        [[ -e $file ]] || continue
        name=${file##*/}
        name=${name%.pid}
        case $name in
            postgres) echo "4 $name" ;;
            broker) echo "3 $name" ;;
            supervisor) echo "2 $name" ;;
            *) echo "1 $name" ;;
        esac
    done | sort -k 1,1n -k 2,2Vr | cut -d ' ' -f 2
}

# The pid files of workers are the supervisor's; see workers/supervisor/processes.hpp.
known_workers() { known_processes | grep -v -x -e supervisor -e broker -e postgres || true; }

farm_down() {
    farm_options "$@"
    stopped=() killed=()
    if [[ ! -d $var/run ]]; then
        say "esteira: nothing runs in $var"
        return 0
    fi
    lock_farm
    stop supervisor # Which has its workers finish what they have begun.
    stop_leftovers
    stop broker
    stop postgres
    choose_sockets
    remove_sockets
    if [[ -n $farm_json ]]; then
        printf '{"var": %s, "stopped": [%s], "killed": [%s]}\n' "$(json_text "$var")" \
            "$(json_list "${stopped[@]}")" "$(json_list "${killed[@]}")"
    elif ((${#stopped[@]} + ${#killed[@]})); then
        say "esteira: stopped ${stopped[*]}${killed[*]:+; killed ${killed[*]}}"
    else
        say "esteira: nothing runs in $var"
    fi
    ((${#killed[@]} == 0)) || exit 1
}

json_list() {
    local item list=
    for item in "$@"; do
        list+="${list:+, }$(json_text "$item")"
    done
    printf '%s' "$list"
}

farm_status() {
    farm_options "$@"
    print_status
    local name total=0 dead=0
    for name in $(known_processes); do
        total=$((total + 1))
        runs "$name" || dead=$((dead + 1))
    done
    ((total)) || exit 3
    ((dead == 0)) || exit 1
}

print_status() {
    local name pool state since running endpoint rows='' sign=''
    endpoint=$(farm_value ESTEIRA__BROKER__ENDPOINT)
    if [[ -z $farm_json && ! -d $var/run ]]; then
        say "esteira: nothing was started in $var"
        return
    fi
    [[ -n $farm_json ]] || printf '%-16s %-13s %8s  %-8s %-20s %s\n' PROCESS POOL PID STATE SINCE LOG
    for name in $(known_processes | tac); do
        state=running running=true since= pool=
        [[ $name != *-+([0-9]) ]] || pool=${name%-*}
        if runs "$name"; then
            since=$(date -u -d "@$(stat -c %Y "/proc/$pid" 2>/dev/null || echo 0)" +%FT%TZ)
        else
            state=dead running=false
        fi
        if [[ -n $farm_json ]]; then
            rows+="$sign{\"name\": $(json_text "$name"), \"pool\": ${pool:+$(json_text "$pool")}"
            [[ -n $pool ]] || rows+=null
            rows+=", \"pid\": ${pid:-null}, \"running\": $running,"
            rows+=" \"log\": $(json_text "$var/log/$name.log")}"
            sign=', '
        else
            printf '%-16s %-13s %8s  %-8s %-20s %s\n' "$name" "${pool:--}" "${pid:--}" "$state" "${since:--}" \
                "$var/log/$name.log"
        fi
    done
    if [[ -n $farm_json ]]; then
        printf '{"var": %s, "endpoint": %s, "processes": [%s]}\n' "$(json_text "$var")" \
            "$(json_text "$endpoint")" "$rows"
    elif [[ -n $endpoint ]]; then
        say "broker at $endpoint; ./esteira down stops everything"
    fi
}

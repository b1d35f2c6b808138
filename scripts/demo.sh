# demo: a farm of its own, a broker killed in the middle, and the account.

demo_source=(--count 1000)

demo_run() {
    local keep='' json=''
    demo_var=$(realpath -m -- "${source_tree:+$ESTEIRA_HOME/}var/demo")
    while (($#)); do
        case $1 in
            --keep) keep=1 ;;
            --json) json=1 ;;
            --products) demo_source=(--products "$(realpath -- "${2:?--products needs a file}")") && shift ;;
            --var) demo_var=$(realpath -m -- "${2:?--var needs a folder}") && shift ;;
            -h | --help)
                echo "usage: ./esteira demo [--products FILE] [--keep] [--json] [--var DIR]"
                echo
                echo "Sends the stock of 1,000 products in 2 branches (FILE: yours), kills the broker in the middle, and counts; then a shop's"
                echo "orders and a day of its visitors. DIR is emptied first (./var/demo). --keep leaves the farm running."
                return
                ;;
            *) die 2 "demo: unknown option $1" ;;
        esac
        shift
    done
    [[ -z $source_tree ]] || build_programs
    demo_begin
    demo_step "Starting PostgreSQL, a broker and workers in $demo_var"
    demo_farm up --endpoint "tcp://127.0.0.1:$(free_port)" --workers 2
    load_farm_environment
    demo_produce_and_kill
    demo_produce shop "Sending a shop: 10 customers, 20 products, 15 orders with all their statuses, 5 carts" --history
    demo_produce clicks "Sending a day of its visitors: 20,000 events" --generate 20000 --users 2000 --products 500
    demo_legacy
    demo_step "Waiting until every message is handled"
    await 120 demo_drained || die 6 "the queues are not empty after two minutes; see $demo_var/log"
    demo_account "$json"
    [[ -n $json ]] || demo_look
    if [[ -n $keep ]]; then
        trap - EXIT INT TERM
        say "The farm stays up: export ESTEIRA_VAR=$demo_var; stop it with ./esteira down"
    fi
    return "$demo_result"
}

demo_step() { say "» $*"; }

demo_farm() { "$ESTEIRA_HOME/esteira" "$1" --var "$demo_var" "${@:2}" >/dev/null 2>"$demo_var/up.log" ||
    { cat "$demo_var/up.log" >&2 && die 1 "$1 failed"; }; }

# Nothing that the caller has set may lead the demo to a real farm or a real database.
demo_begin() {
    local name
    for name in "${!ESTEIRA__@}"; do
        unset "$name"
    done
    if [[ -e $demo_var && ! -f $demo_var/.esteira-demo && -n $(ls -A "$demo_var" 2>/dev/null) ]]; then
        die 4 "$demo_var is not a demo's folder; give another with --var"
    fi
    demo_producer='' demo_result=0
    trap demo_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    demo_erase
    mkdir -p -- "$demo_var"
    : >"$demo_var/.esteira-demo"
    export ESTEIRA_VAR=$demo_var ESTEIRA_CONFIG=$demo_var/esteira.toml
    : >"$ESTEIRA_CONFIG" # The defaults, whatever this machine is set to.
}

# What an earlier demo left. Its database may lie outside (see choose_postgres_folder).
demo_erase() {
    [[ -d $demo_var ]] || return 0
    "$ESTEIRA_HOME/esteira" down --var "$demo_var" >/dev/null 2>&1 || true
    choose_var "$demo_var"
    rm -rf -- "${demo_var:?}"
    ((EUID != 0)) || rm -rf -- "/var/lib/esteira-${farm_key:?}"
}

demo_end() {
    local code=$?
    trap '' INT TERM
    trap - EXIT
    [[ -z $demo_producer ]] || kill "$demo_producer" 2>/dev/null || true
    demo_step "Stopping everything"
    "$ESTEIRA_HOME/esteira" down --var "$demo_var" >/dev/null 2>&1 || say "esteira: down failed; see $demo_var/log"
    exit "$code"
}

# A port nobody listens on at this moment, outside the range that the kernel gives away.
free_port() {
    local port
    for ((;;)); do
        port=$((20000 + RANDOM % 10000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

demo_sql() {
    "$postgres_bin/psql" -X -q -t -A "$(url_as esteira_readonly)" -c "$1" 2>/dev/null
}

demo_rows() { demo_sql "SELECT count(*) FROM estoque_posicao"; }

demo_rows_at_least() { (($(demo_rows) >= $1)); }

demo_produce_and_kill() {
    local pid
    demo_step "Sending the stock of every product in two branches, 35 positions in a message"
    "$bin/esteira-produce-stock" "${demo_source[@]}" --batch 1 --rate 30 --json \
        >"$demo_var/produced.json" 2>"$demo_var/produce.log" &
    demo_producer=$!
    await 60 demo_rows_at_least 100 || {
        cat "$demo_var/produce.log" >&2
        die 6 "no rows arrive; see $demo_var/log"
    }
    process_runs "$demo_var/run/broker.pid" || die 1 "the broker does not run"
    kill -9 "$pid"
    demo_step "Killed the broker (kill -9 $pid) with $(demo_rows) rows written; starting it again"
    demo_farm up
    wait "$demo_producer" || {
        cat "$demo_var/produce.log" >&2
        die 1 "the producer failed"
    }
    demo_producer=
}

queue_number() { "$bin/esteira-ctl" queue show "$1" --json | json_number "$2"; }

demo_drained() {
    local shown queue
    for queue in stock orders clicks; do
        shown=$("$bin/esteira-ctl" queue show "$queue" --json) || return 1
        (($(json_number visible <<<"$shown") + $(json_number in_flight <<<"$shown") + \
            $(json_number delayed <<<"$shown") == 0)) || return 1
    done
}

demo_legacy() {
    local words
    demo_step "A legacy database of 500 sales, exported into RAW"
    for words in init fill "export --json"; do
        # shellcheck disable=SC2086 # Several words.
        "$bin/esteira-legacy" $words >"$demo_var/legacy.json" 2>"$demo_var/legacy.log" || {
            cat "$demo_var/legacy.log" >&2
            die 1 "legacy $words failed"
        }
    done
}

# demo_produce KIND WHAT OPTION...: one line beside the first.
demo_produce() {
    demo_step "$2"
    "$bin/esteira-produce-$1" "${@:3}" --json >"$demo_var/$1.json" 2>"$demo_var/$1.log" || {
        cat "$demo_var/$1.log" >&2
        die 1 "the producer failed"
    }
}

# A worker says what it did when it stops.
demo_stop_workers() {
    local stopped=() killed=()
    stop supervisor
    stop_leftovers
}

# The sum of one of the handlers' own counters.
demo_counter() {
    cat "$demo_var"/log/upsert-stock-*.log | grep -o "$1=[0-9]*" | awk -F= '{ sum += $2 } END { print sum + 0 }'
}

demo_account() {
    local sent items rows dead written older events counted orders sales
    sent=$(json_number messages <"$demo_var/produced.json")
    items=$(json_number items <"$demo_var/produced.json")
    rows=$(demo_rows)
    dead=$(($(queue_number dlq-stock visible) + $(queue_number dlq-orders visible) + $(queue_number dlq-clicks visible)))
    events=$(json_number events <"$demo_var/clicks.json")
    counted=$(demo_sql "SELECT coalesce(sum(eventos), 0) FROM contagem_minuto")
    orders=$(demo_sql "SELECT count(*) FROM pedidos")
    sales=$(json_number rows <"$demo_var/legacy.json")
    demo_measure
    demo_stop_workers
    # What the measurement has sent is not of the account.
    written=$(($(demo_counter written) - $(json_number positions <"$demo_var/measured.json")))
    older=$(demo_counter not_newer)
    [[ $rows == "$items" && $dead == 0 && $counted == "$events" && $orders == 15 && $sales == 500 ]] || demo_result=1
    if [[ -n $1 ]]; then
        printf '{"messages_sent": %s, "items_sent": %s, "written": %s, "older": %s, "rows": %s, "dead_letters": %s, "lost": %s, "orders": %s, "events_sent": %s, "events_counted": %s, "sales_exported": %s, "upsert": {"p50_ms": %s, "p99_ms": %s}, "latency": %s}\n' \
            "${sent:-null}" "${items:-null}" "$written" "$older" "$rows" "${dead:-null}" "$((items - rows))" \
            "$orders" "${events:-null}" "${counted:-null}" "${sales:-null}" "$(demo_upsert_ms p50)" "$(demo_upsert_ms p99)" "$(cat "$demo_var/measured.json")"
        return
    fi
    printf '%-28s %8s\n' "messages acknowledged" "$sent" "items in them" "$items" \
        "positions written" "$written" "older or repeated, ignored" "$older" "rows in PostgreSQL" "$rows" "dead letters" "$dead" "lost" "$((items - rows))"
    echo
    printf '%-28s %8s\n' "orders, with their lines" "$orders" "events of visitors sent" "$events" "events counted" "$counted" "sales exported into RAW" "$sales"
    echo
    printf '%-28s %8s %8s\n' "latency, ms" "p50" "p99" \
        "a send, until its answer" "$(demo_latency send 1)" "$(demo_latency send 2)" \
        "an upsert (a batch), at most" "$(demo_upsert_ms p50)" "$(demo_upsert_ms p99)" \
        "a query" "$(demo_latency query 1)" "$(demo_latency query 2)" \
        "from a send until a query" "$(demo_latency send_to_query 1)" "$(demo_latency send_to_query 2)"
}

# The load test of the design that Esteira replaces: one position after the other, each asked for.
demo_measure() {
    demo_step "Measuring: 200 positions, one after the other"
    ESTEIRA__POSTGRES__URL=$(url_as esteira_readonly) "$bin/esteira-measure-stock" --json --quiet \
        >"$demo_var/measured.json" || die 1 "the measurement failed"
}

# demo_latency NAME WHICH: the first (p50) or second (p99) figure that was measured of NAME.
demo_latency() {
    tr -d ' \n' <"$demo_var/measured.json" | grep -o "\"$1\":{[^}]*}" | grep -o '[0-9.]*[0-9]' |
        grep -F . | sed -n "$2p" | LC_ALL=C awk '{ printf "%.2f", $1 }'
}

# The slowest worker's own account of its batches, as the bound of a histogram.
demo_upsert_ms() {
    cat "$demo_var"/log/upsert-stock-*.log | grep -o "\"batch_$1_ms\":[0-9.]*" | cut -d : -f 2 | sort -g | tail -n 1
}

demo_look() {
    local key
    key=$(demo_sql "SELECT codigo_barra || ' ' || filial FROM estoque_posicao ORDER BY 1 LIMIT 1")
    demo_query stock --codigo-barra "${key% *}" --filial "${key##* }"
    demo_query stock --scan 2
    demo_query order "$(demo_sql "SELECT pedido_id FROM pedidos ORDER BY data DESC LIMIT 1")"
    demo_query visitors
    demo_query categories "$(demo_sql "SELECT max(dia) FROM visitantes_dia")" --count 3
    say "Next: ./esteira up, then ./esteira produce stock, and ./esteira help for the other words"
}

demo_query() {
    demo_step "./esteira query $*"
    ESTEIRA__POSTGRES__URL=$(url_as esteira_readonly) "$bin/esteira-query-$1" "${@:2}" || demo_result=1
}

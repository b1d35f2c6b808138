# Small words that the other parts use. Sourced by the entry script.

say() { printf '%s\n' "$*" >&2; }

die() {
    local code=$1
    shift
    say "esteira: $*"
    exit "$code"
}

json_text() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# The first number that stands under a key in the JSON on stdin; nothing when there is none.
json_number() { grep -o "\"$1\": *-\?[0-9]*" | head -n 1 | sed 's/.*: *//' || true; }

# Waits until a command succeeds, asking every 50 ms, at most $1 seconds.
await() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

kinds_of() {
    local program kinds=
    for program in "$bin/$1"*; do
        [[ -x $program ]] && kinds+=" ${program##*/"$1"}"
    done
    echo "${kinds# }"
}

# Processes are known by number, start time and boot, so that a number that was given to somebody
# else since is never signalled.
process_mark() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    # The name may hold spaces and brackets; what follows its last bracket does not.
    local fields
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != [ZX] ]] || return 1
    printf '%s %s %s\n' "$1" "${fields[19]}" "$(</proc/sys/kernel/random/boot_id)"
}

# Whether the process of a pid file runs. Sets `pid`.
process_runs() {
    local mark
    pid=
    [[ -r $1 ]] || return 1
    mark=$(<"$1")
    pid=${mark%% *}
    [[ -n $mark && $(process_mark "$pid" || true) == "$mark" ]]
}

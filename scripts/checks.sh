# test and bench.

# Adds up what a ctest run left in LastTest.log: "<passed> <failed>". A test program counts as many
# times as it has tests; one that died, or is no GoogleTest, counts once.
count_tests() {
    awk '
        /^[0-9]+\/[0-9]+ Testing: / { open = 1; passed = 0; failed = 0; next }
        open && /^\[  PASSED  \] [0-9]+ test/ { passed = $4 }
        open && /^\[  FAILED  \] [0-9]+ test/ { failed = $4 }
        open && /^Test Passed\./ { all_passed += passed ? passed : 1; open = 0 }
        open && /^Test (Failed|time)/ && /Failed/ {
            all_passed += passed; all_failed += failed ? failed : 1; open = 0
        }
        END { print all_passed + 0, all_failed + 0 + open }' "$1"
}

# run_stage PRESET WHAT TARGET...: builds and runs the tests of one preset; adds to passed, failed.
run_stage() {
    local preset=$1 what=$2 log=$ESTEIRA_HOME/build/$1-test.log counted result=0
    shift 2
    say "esteira: $preset: $what"
    (build_preset "$preset" "$@") || {
        failed=$((failed + 1)) # What does not build is not tested, and must not look so.
        return
    }
    (cd "$ESTEIRA_HOME" && ctest --preset "$preset") >"$log" 2>&1 || result=$?
    counted=$(count_tests "$ESTEIRA_HOME/build/$preset/Testing/Temporary/LastTest.log")
    # ctest may fail without a failed test: none found, or one that could not start.
    if ((result != 0)) && [[ ${counted#* } == 0 ]]; then counted="${counted% *} 1"; fi
    passed=$((passed + ${counted% *}))
    failed=$((failed + ${counted#* }))
    if ((result != 0)); then
        cat "$log" >&2
    fi
    say "esteira: $preset: ${counted% *} passed, ${counted#* } failed"
}

checks_test() {
    local passed=0 failed=0 fast=
    case ${1:-} in
        --fast) fast=1 ;;
        -h | --help)
            echo "usage: ./esteira test [--fast]    (--fast: the release build alone)"
            return
            ;;
        '') ;;
        *) die 2 "test: unknown option $1" ;;
    esac
    install_packages "${packages_build[@]}" "${packages_checks[@]}"
    run_stage release "everything" all
    if [[ -z $fast ]]; then
        run_stage asan "memory and undefined behaviour" tests-unit tests-spec tests-corpus
        run_stage tsan "threads" tests-server
        run_stage mutants "planted bugs that the tests must find" tests-mutant
    fi
    echo "$passed passed, $failed failed"
    ((failed == 0)) || exit 1
}

checks_bench() {
    install_packages "${packages_build[@]}" "${packages_checks[@]}"
    build_preset release all
    exec "$ESTEIRA_HOME/bench/run" "$@"
}

// Producer and consumer as two processes, and the one line that comes of it.
#pragma once

#include <functional>
#include <string>

#include "bench/support/ledger.hpp"
#include "bench/support/load.hpp"

namespace esteira::bench {

// Times of one run, in memory shared by both processes. 0: has not happened.
struct RunTimes {
    Nanos first_send = 0;   // Written by the producer just before its first request leaves.
    Nanos last_answer = 0;  // Written by the producer when its last request was answered.
    Nanos last_settle = 0;  // Written by the consumer when its last settling was answered.
};

// Runs `produce` in a child process and `consume` in this one; both get the shared times. Returns
// when both are done. Throws std::runtime_error when the child fails; a child does not outlive its
// parent, and is killed when `consume` throws. Open connections inside the functions, not before:
// a socket must not be shared by a fork.
RunTimes run_both(const std::function<void(RunTimes&)>& produce,
                  const std::function<void(RunTimes&)>& consume);

// Sleeping for microseconds is exact to about 50 us by default; this makes it 1 us. Both sides of
// a comparison must call it. Inherited by the child.
void set_exact_timers();

// Prints what a run gave: one JSON line with `load.json`, else a sentence. `peer` names the queue.
void report(const std::string& peer, const Load& load, const RunTimes& times, Ledger& ledger);

}  // namespace esteira::bench

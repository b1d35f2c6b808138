#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/base/clock.hpp"

// How many workers a pool should have. Pure: starting and stopping processes is pool.hpp's.
namespace esteira::supervisor {

// What is known of one pool.
struct PoolView {
    std::uint32_t workers = 0;             // That it is planned to have at present.
    std::uint64_t backlog = 0;             // Messages ready and in flight.
    double handled_per_worker_s = 0;       // Measured; 0: not yet.
    std::optional<std::uint32_t> fixed{};  // What an operator wants; nothing: auto.
    Time needed_at{};                      // Last time that it needed all of them, or was resized.
};

struct PoolPolicy {
    std::uint32_t workers_min = 5;
    std::uint32_t workers_max = 10;
    std::chrono::seconds drain_target{60};   // The backlog should be gone in this time.
    std::chrono::seconds shrink_after{120};  // Growing is urgent, shrinking is not.
};

// The fewest that handle the backlog in time, within min..max. As many as there are while nobody
// knows how fast one is: of workers that get nothing done, because their store is away, more would
// do no more.
std::uint32_t workers_needed(const PoolView& view, const PoolPolicy& policy);

// How many the pool should have at `now`: what an operator wants, whatever min and max say; else at
// once more, and fewer only after a while in which it never needed all it has.
std::uint32_t workers_wanted(const PoolView& view, const PoolPolicy& policy, Time now);

}  // namespace esteira::supervisor

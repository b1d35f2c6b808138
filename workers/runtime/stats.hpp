#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/metrics/histogram.hpp"
#include "workers/runtime/handling.hpp"

namespace esteira::runtime {

// What a worker has done since its start, in messages unless a name says otherwise.
struct Stats {
    std::uint64_t batches = 0;
    std::uint64_t done = 0;
    std::uint64_t retried = 0;
    std::uint64_t dead = 0;
    std::uint64_t sent_on = 0;      // Dead parts included.
    std::uint64_t handed_back = 0;  // Never handled, or not to an end; not counted by the broker.
    std::uint64_t stale = 0;        // Verdicts that came too late, at least for some of their run.
    std::uint64_t refused = 0;      // Verdicts that the broker did not carry out.
    metrics::Histogram batch_seconds;
    std::vector<Counter> counters;  // The handler's own.

    std::uint64_t handled() const { return done + retried + dead; }
    void count(const std::vector<Outcome>& outcomes);
};

// The histogram's bound that at least `share` of all values keep to, in milliseconds; of what is
// above all bounds, the last one. 0 when there are none.
double quantile_ms(const metrics::Histogram& histogram, double share);

void log_stats(std::string_view event, const Stats& stats);
std::string to_json(const Stats& stats, std::string_view ending);

}  // namespace esteira::runtime

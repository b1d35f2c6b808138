#pragma once

#include <cstdint>

#include "common/metrics/histogram.hpp"

namespace esteira::broker {

// What the sockets have seen since this process began; read by the ops socket and the metrics.
struct ServerStats {
    std::uint64_t connections = 0;  // Peers that are known now.
    std::uint64_t requests = 0;
    std::uint64_t answers = 0;
    std::uint64_t answers_dropped = 0;  // To peers that were full or gone.
    std::uint64_t malformed = 0;
    std::uint64_t turns = 0;

    metrics::Histogram turn_seconds;    // From the first request that is taken to the last answer.
    metrics::Histogram commit_seconds;  // Of a turn that wrote: appending and syncing.
    metrics::Histogram turn_requests{metrics::kCountBounds};
};

}  // namespace esteira::broker

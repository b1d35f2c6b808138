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

    // Of turns with requests: from taking the first one to the last answer; of that, from the last
    // decision to all of it being durable.
    metrics::Histogram turn_seconds;
    metrics::Histogram commit_seconds;
    metrics::Histogram turn_requests{metrics::kCountBounds};
};

}  // namespace esteira::broker

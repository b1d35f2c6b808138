#pragma once

#include <cstdint>

namespace esteira::broker {

// What the sockets have seen since this process began; read by the ops socket and the metrics.
struct ServerStats {
    std::uint64_t connections = 0;  // Peers that are known now.
    std::uint64_t requests = 0;
    std::uint64_t answers = 0;
    std::uint64_t answers_dropped = 0;  // To peers that were full or gone.
    std::uint64_t malformed = 0;
    std::uint64_t turns = 0;
};

}  // namespace esteira::broker

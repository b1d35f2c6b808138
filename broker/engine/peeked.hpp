#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/ids.hpp"

namespace esteira::engine {

// A message as an operator sees it without receiving it.
struct Peeked {
    enum class Phase : std::uint8_t { visible, in_flight, delayed } phase = Phase::visible;
    MessageNumber number;
    std::uint32_t receives = 0;
    std::uint32_t crashes = 0;
    WallTime sent_at{};
    WallTime first_received_at{};
    std::string origin;
    std::string source;
    std::string reason;
    std::string group;
    std::string dedup;
    std::uint64_t sequence = 0;  // FIFO queues.
    std::string history;         // The block, with the attempt that runs.
    std::vector<std::byte> attributes;
    std::vector<std::byte> body;
};

}  // namespace esteira::engine

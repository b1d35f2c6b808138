#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "common/base/clock.hpp"
#include "common/base/ids.hpp"

// Who asks a broker for something, and who waits for messages.
namespace esteira::engine {

// Who asks, through all the steps of one request.
struct Caller {
    std::uint64_t ticket = 0;
    Bytes16 session{};
    std::uint64_t request = 0;
    std::uint64_t hash = 0;
};

// What a receive asks for.
struct Wanted {
    std::uint32_t count = 1;
    std::uint32_t min = 1;  // Fewer are not leased before the wait is over.
    std::optional<Millis> visibility;
    std::string attempt;
};

struct Waiter {
    Caller caller;
    Wanted wanted;
    Time deadline{};
};

// Who waits for messages of one queue, in the order in which they asked.
struct Receiving {
    std::deque<Waiter> waiters;
    Time first_deadline = Time::max();  // Not later than the first one's.
};
using Receivers = std::map<QueueNumber, Receiving>;

}  // namespace esteira::engine

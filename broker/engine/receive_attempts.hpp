#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "broker/engine/events.hpp"
#include "broker/engine/state_writer.hpp"
#include "common/base/bytes.hpp"

// Receives of FIFO queues that carried an id of their own (ReceiveRequestAttemptId): what each was
// given, so that a repeated one gets the same.
namespace esteira::engine {

class ReceiveAttempts {
public:
    std::optional<Numbers> find(QueueNumber queue, std::string_view attempt, Time now) const;
    // The newest ones are kept, kAttemptsKept of them.
    void remember(QueueNumber queue, std::string_view attempt, Numbers delivery, Time until);
    void forget_old(Time now);

    std::uint64_t digest() const;
    void put(StateWriter& out) const;
    void load(ByteReader& in);

private:
    using Key = std::pair<QueueNumber, std::string>;
    struct Known {
        Numbers delivery;
        Time until{};
    };
    std::map<Key, Known> known_;
    std::deque<std::pair<Time, Key>> endings_;
};

}  // namespace esteira::engine

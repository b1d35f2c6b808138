#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/clock.hpp"
#include "common/base/ids.hpp"

// The deduplication ids of the last five minutes, of all FIFO queues: which message an id was first
// sent with. They outlive their messages. After a restart they are known from the records that they
// stand in, so the log is kept as far back as the oldest of them.
namespace esteira::engine {

class Dedup {
public:
    // What an id is unique in: a queue since it was last purged, or a group in it.
    static std::string key(QueueNumber queue, std::uint32_t purges, std::string_view group,
                           std::string_view id);

    // The message that the id was sent with, if that is not too long ago.
    std::optional<MessageNumber> find(const std::string& key, Time now) const;
    // `chunk` is where its record stands. A later time for an id that is known changes nothing.
    void remember(std::string key, MessageNumber number, Time until, std::uint32_t chunk);
    void forget_old(Time now);

    std::size_t size() const { return known_.size(); }
    // The oldest chunk that an id of here stands in; nothing when there is none.
    std::optional<std::uint32_t> first_chunk() const;

private:
    struct Known {
        MessageNumber number;
        Time until{};
    };
    struct Ending {
        Time until{};
        std::uint32_t chunk = 0;
        const std::string* key = nullptr;  // In known_.
    };
    std::unordered_map<std::string, Known> known_;
    std::deque<Ending> endings_;  // By time: every id is known for equally long.
};

}  // namespace esteira::engine

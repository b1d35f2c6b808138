#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "broker/engine/waiting.hpp"

namespace esteira::engine {

// How much of each chunk of the log is still needed: what trim and collection decide on.
//
// A record that several queues hold (a publication's) is counted once, and is needed until the last
// of them drops it. It costs 8 bytes here, until no record of its chunk is held by several.
class Usage {
public:
    // A queue holds the record at `place`. All holders of a record take it when it is written, one
    // after the other.
    void add(Place place);
    // One of its holders holds it no more.
    void drop(Place place);

    // The oldest chunk that holds a live record, or `open` when none does.
    std::uint32_t first_needed(std::uint32_t open) const {
        return chunks_.empty() ? open : chunks_.begin()->first;
    }
    // Whether several queues have held the record and one still does.
    bool is_shared(Position at) const;
    std::uint64_t bytes() const { return bytes_; }
    // Each holder's one counts.
    std::uint64_t messages() const { return messages_; }
    std::uint64_t bytes_in(std::uint32_t chunk) const {
        const auto at = chunks_.find(chunk);
        return at == chunks_.end() ? 0 : at->second.bytes;
    }

private:
    struct Shared {
        std::uint32_t slot = 0;
        std::uint32_t holders = 0;
    };
    struct Chunk {
        std::uint64_t records = 0;
        std::uint64_t bytes = 0;
        std::vector<Shared> shared;  // By slot: the log only grows.
        std::size_t shared_live = 0;
    };

    static const Shared* shared_in(const Chunk& chunk, std::uint32_t slot);
    static bool still_held(Chunk& chunk, std::uint32_t slot);

    std::map<std::uint32_t, Chunk> chunks_;
    std::uint64_t bytes_ = 0;
    std::uint64_t messages_ = 0;
    Position last_{};  // The record that was added last.
};

}  // namespace esteira::engine

#pragma once

#include <cstdint>
#include <map>

namespace esteira::engine {

// How much of each chunk of the log is still needed: what trim and collection decide on.
class Usage {
public:
    struct Chunk {
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;
    };

    void add(std::uint32_t chunk, std::uint32_t size) {
        Chunk& c = chunks_[chunk];
        ++c.messages;
        c.bytes += size;
        bytes_ += size;
        ++messages_;
    }
    void drop(std::uint32_t chunk, std::uint32_t size) {
        const auto at = chunks_.find(chunk);
        bytes_ -= size;
        --messages_;
        at->second.bytes -= size;
        if (--at->second.messages == 0) {
            chunks_.erase(at);
        }
    }
    // The oldest chunk that holds a live message, or `open` when none does.
    std::uint32_t first_needed(std::uint32_t open) const {
        return chunks_.empty() ? open : chunks_.begin()->first;
    }
    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t messages() const { return messages_; }
    std::uint64_t bytes_in(std::uint32_t chunk) const {
        const auto at = chunks_.find(chunk);
        return at == chunks_.end() ? 0 : at->second.bytes;
    }

private:
    std::map<std::uint32_t, Chunk> chunks_;
    std::uint64_t bytes_ = 0;
    std::uint64_t messages_ = 0;
};

}  // namespace esteira::engine

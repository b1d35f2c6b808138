#pragma once

#include <deque>
#include <map>
#include <span>
#include <vector>

#include "broker/engine/log.hpp"

namespace esteira::engine {

// A log in memory with chunks: it keeps what was written, damages it if asked, and plays it again.
class ChunkedLog final : public Log {
public:
    void begin_group(std::size_t) override {}
    std::size_t group_bytes_max() const override { return 4 << 20; }
    Room reserve(std::size_t bytes) override {
        auto& record = chunks[open].emplace_back(bytes);
        written += bytes;
        return {{open, static_cast<std::uint32_t>(chunks[open].size())}, record};
    }
    std::span<const std::byte> read(Position at, std::uint32_t) override {
        if (unreadable == at) {
            return {};
        }
        return chunks.at(at.chunk).at(at.slot - 1);
    }
    bool may_grow() const override { return true; }

    // Where the newest message stands.
    Position newest_record() const {
        const auto& records = chunks.at(open);
        std::uint32_t slot = static_cast<std::uint32_t>(records.size());
        while (records[slot - 1][0] != std::byte{1}) {
            --slot;
        }
        return {open, slot};
    }

    std::map<std::uint32_t, std::deque<std::vector<std::byte>>> chunks;
    std::uint32_t open = 1;
    std::size_t written = 0;
    Position unreadable{};
};

}  // namespace esteira::engine

#pragma once

#include <deque>
#include <vector>

#include "broker/engine/log.hpp"
#include "broker/engine/tools.hpp"

namespace esteira::engine {

// A log in memory: one record a slot.
class MemoryLog final : public Log {
public:
    void begin_group(std::size_t) override {}
    std::size_t group_bytes_max() const override { return 1 << 20; }
    Room reserve(std::size_t bytes) override {
        auto& record = records_.emplace_back(bytes);
        return {{1, static_cast<std::uint32_t>(records_.size())}, record};
    }
    std::span<const std::byte> read(Position at, std::uint32_t) override {
        return records_[at.slot - 1];
    }
    bool may_grow() const override { return true; }

private:
    std::deque<std::vector<std::byte>> records_;
};

// For tests that need none.
class NoTools final : public Tools {
public:
    std::string sha256(std::span<const std::byte>) const override { return std::string(32, '0'); }
    Result<std::unique_ptr<Filter>, std::string> filter(std::string_view) const override {
        return std::string("there are no filters here");
    }
};

}  // namespace esteira::engine

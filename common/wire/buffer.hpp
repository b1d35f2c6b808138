#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace esteira::wire {

// Where frames are encoded: room that grows and is used again. Movable, so that a finished frame
// can be handed to a socket without a copy.
class Buffer {
public:
    void clear() { used_ = 0; }
    std::span<const std::byte> bytes() const { return {room_.get(), used_}; }

    void write(const char* data, std::size_t count) {
        if (count > size_ - used_) {
            grow(count);
        }
        if (count > 0) {
            std::memcpy(room_.get() + used_, data, count);
        }
        used_ += count;
    }

private:
    void grow(std::size_t count) {
        constexpr std::size_t kLeast = 1024;
        const std::size_t size = std::max({kLeast, 2 * size_, used_ + count});
        auto room = std::make_unique_for_overwrite<std::byte[]>(size);
        if (used_ > 0) {
            std::memcpy(room.get(), room_.get(), used_);
        }
        room_ = std::move(room);
        size_ = size;
    }

    std::unique_ptr<std::byte[]> room_;
    std::size_t size_ = 0;
    std::size_t used_ = 0;
};

}  // namespace esteira::wire

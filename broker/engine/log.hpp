#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "common/base/ids.hpp"

namespace esteira::engine {

// A frame that is whole but says what cannot be: an unknown event, a reference to nothing.
struct BrokenLog : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What the engine asks of the log that its events go into. The server puts the journal behind it;
// a test may put a vector there.
class Log {
public:
    struct Room {
        Position at;                 // Of the first byte.
        std::span<std::byte> bytes;  // To be filled at once.
    };

    virtual ~Log() = default;

    // What is reserved next, up to `bytes` in all, becomes durable together or not at all.
    virtual void begin_group(std::size_t bytes) = 0;
    virtual std::size_t group_bytes_max() const = 0;
    virtual Room reserve(std::size_t bytes) = 0;

    // The bytes of a record, valid until the turn ends; empty when the device cannot read them.
    virtual std::span<const std::byte> read(Position at, std::uint32_t size) = 0;

    // Whether there is space for what adds to the log.
    virtual bool may_grow() const = 0;
};

}  // namespace esteira::engine

#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace esteira {

// A number with a name. Two of them never convert into each other, nor into a plain integer.
template <class Tag>
struct Id {
    std::uint64_t value = 0;
    auto operator<=>(const Id&) const = default;
};

using QueueNumber = Id<struct QueueTag>;        // Known inside only; never used again.
using MessageNumber = Id<struct MessageTag>;    // One per message of a broker; starts at 1.
using DeliveryNumber = Id<struct DeliveryTag>;  // One per delivery of a message; never used again.

using Bytes16 = std::array<std::byte, 16>;

// Where a record stands in the log. A chunk is what `trim` drops; what a slot means is the
// journal's own business. Chunks grow with the log; 0 is no chunk.
struct Position {
    std::uint32_t chunk = 0;
    std::uint32_t slot = 0;
    auto operator<=>(const Position&) const = default;
};

}  // namespace esteira

template <class Tag>
struct std::hash<esteira::Id<Tag>> {
    std::size_t operator()(const esteira::Id<Tag>& id) const noexcept {
        // Numbers are dense; spread them so that neighbouring ones do not share a bucket chain.
        return static_cast<std::size_t>(id.value * 0x9E3779B97F4A7C15ULL);
    }
};

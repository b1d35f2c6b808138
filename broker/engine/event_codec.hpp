#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "broker/engine/events.hpp"

// Events as bytes; the layouts are in broker/journal/FORMAT.md, section Events.
namespace esteira::engine {

std::size_t encoded_size(const Event& event);

// Fills exactly encoded_size(event) bytes.
void encode(const Event& event, std::span<std::byte> room);

// The first event of `bytes` and its size. Throws BrokenLog when there is none: a frame's CRC was
// good, so this is no damage but a writer of another opinion.
std::pair<Event, std::uint32_t> decode(std::span<const std::byte> bytes);

// A record as it is read back from its position. Nothing when it is not whole: its own CRC, which
// every read checks, says so.
std::optional<Stored> read_stored(std::span<const std::byte> bytes);

// The fixed size of a Stored without any section, and the most that sections without the body, the
// attributes and the origin can add. For estimates.
inline constexpr std::size_t kStoredBytes = 48;
inline constexpr std::size_t kStoredSectionsMax = 1400;
// And what each further queue that holds it adds.
inline constexpr std::size_t kSharedBytes = 12;

// The most bytes that the record of an entry can have, in one queue.
inline std::size_t most_bytes_of(const dialogue::SendEntry& entry) {
    return kStoredBytes + kStoredSectionsMax + entry.origin.size() + entry.attributes.size() +
           entry.body.size();
}

}  // namespace esteira::engine

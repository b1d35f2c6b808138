#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.hpp"
#include "common/base/dialogue.hpp"

namespace esteira::simulation {

// A queue of the simulated world has a slot; what it is called and how it is set follow from here.
using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = 31;
inline constexpr Slot kSlots = 10;
inline constexpr Slot kFirstFifo = 4;         // From here on FIFO queues,
inline constexpr Slot kFirstDeadLetters = 7;  // from here on dead-letter queues;
inline constexpr Slot kFifoDeadLetters = 9;   // the last one is a FIFO queue.

constexpr bool is_fifo(Slot slot) {
    return (slot >= kFirstFifo && slot < kFirstDeadLetters) || slot == kFifoDeadLetters;
}

// A topic feeds the first queues, each with a filter of its own, and perhaps the first FIFO queue,
// for good. Their dead letters do not mix, so that a body and where it is tell which copy of it
// that is.
inline constexpr Slot kSubscribersMax = 3;
inline constexpr const char* kTopic = "topic";
const char* filter_of(Slot subscriber);
bool filter_matches(Slot subscriber, bool with_attributes);
Slot dead_letters_of_subscriber(Slot subscriber);  // kNoSlot: none.

std::string name_of(Slot slot);
Slot slot_of(std::string_view name);  // kNoSlot: none of ours.

struct Rules {
    std::uint32_t delay_seconds = 0;
    std::uint32_t visibility_seconds = 30;
    std::uint32_t retention_seconds = 345'600;
    std::uint32_t max_receives = 0;
    Slot dead_letters = kNoSlot;
    std::uint32_t retry_base_ms = 1'000;
    std::uint32_t retry_max_ms = 300'000;
    std::uint32_t messages_max = 0;
    bool sends_paused = false;
    bool receives_paused = false;
    // Of FIFO queues.
    bool fifo = false;
    bool content_based = false;
    bool by_group = false;  // The scope of deduplication ids.

    bool operator==(const Rules&) const = default;
    dialogue::Attributes attributes() const;
    // Whether an answer about a queue tells these rules.
    bool told_by(const dialogue::Attributes& attributes) const;
};

// The body of message `id`: it says who it is, and every byte of it follows from that.
inline constexpr std::uint32_t kBodyBytesLeast = 16;
void fill_body(std::uint64_t id, std::span<std::byte> room);
std::uint64_t id_in_body(std::span<const std::byte> body);  // 0: too short to be one.
bool is_body_of(std::uint64_t id, std::span<const std::byte> body);

}  // namespace esteira::simulation

#include "tests/simulation/rules.hpp"

#include <algorithm>
#include <cstring>

namespace esteira::simulation {

std::string name_of(Slot slot) {
    return (slot < kFirstDeadLetters ? "queue-" + std::to_string(slot)
                                     : "dead-" + std::to_string(slot - kFirstDeadLetters)) +
           (is_fifo(slot) ? ".fifo" : "");
}

const char* filter_of(Slot subscriber) {
    constexpr const char* kFilters[kSubscribersMax] = {"", "attr.id:*", "-attr.id:*"};
    return is_fifo(subscriber) ? "" : kFilters[subscriber];
}

bool filter_matches(Slot subscriber, bool with_attributes) {
    return subscriber == 0 || is_fifo(subscriber) || (subscriber == 1) == with_attributes;
}

Slot dead_letters_of_subscriber(Slot subscriber) {
    if (is_fifo(subscriber)) {
        return kFifoDeadLetters;
    }
    const Slot dead = kFirstDeadLetters + subscriber;
    return dead < kFifoDeadLetters ? dead : kNoSlot;
}

Slot slot_of(std::string_view name) {
    for (Slot slot = 0; slot < kSlots; ++slot) {
        if (name_of(slot) == name) {
            return slot;
        }
    }
    return kNoSlot;
}

dialogue::Attributes Rules::attributes() const {
    dialogue::Attributes all{
        {"DelaySeconds", std::to_string(delay_seconds)},
        {"VisibilityTimeout", std::to_string(visibility_seconds)},
        {"MessageRetentionPeriod", std::to_string(retention_seconds)},
        {"MaxReceives", std::to_string(max_receives)},
        {"DeadLetterQueue", dead_letters == kNoSlot ? "" : name_of(dead_letters)},
        {"RetryBaseMillis", std::to_string(retry_base_ms)},
        {"RetryMaxMillis", std::to_string(retry_max_ms)},
        {"MaxMessages", std::to_string(messages_max)},
        {"SendsPaused", sends_paused ? "true" : "false"},
        {"ReceivesPaused", receives_paused ? "true" : "false"}};
    if (fifo) {
        all.insert(all.end(), {{"FifoQueue", "true"},
                               {"ContentBasedDeduplication", content_based ? "true" : "false"},
                               {"DeduplicationScope", by_group ? "messageGroup" : "queue"}});
    }
    return all;
}

bool Rules::told_by(const dialogue::Attributes& told) const {
    const auto mine = attributes();
    return std::all_of(mine.begin(), mine.end(), [&](const auto& pair) {
        return std::find(told.begin(), told.end(), pair) != told.end();
    });
}

namespace {

std::uint64_t word(std::uint64_t id, std::uint64_t index) {
    std::uint64_t value = id * 0x9E3779B97F4A7C15ULL + index;
    value = (value ^ (value >> 29)) * 0xBF58476D1CE4E5B9ULL;
    return value ^ (value >> 32);
}

}  // namespace

void fill_body(std::uint64_t id, std::span<std::byte> room) {
    std::uint64_t next = id;
    for (std::size_t at = 0; at < room.size(); at += sizeof next) {
        std::memcpy(room.data() + at, &next, std::min(sizeof next, room.size() - at));
        next = word(id, at + 1);
    }
}

std::uint64_t id_in_body(std::span<const std::byte> body) {
    std::uint64_t id = 0;
    if (body.size() >= sizeof id) {
        std::memcpy(&id, body.data(), sizeof id);
    }
    return id;
}

bool is_body_of(std::uint64_t id, std::span<const std::byte> body) {
    std::uint64_t next = id;
    std::size_t at = 0;
    for (; at + sizeof next <= body.size(); at += sizeof next) {
        std::uint64_t found = 0;
        std::memcpy(&found, body.data() + at, sizeof found);
        if (found != next) {
            return false;
        }
        next = word(id, at + 1);
    }
    for (; at < body.size(); at += sizeof next) {
        if (std::memcmp(body.data() + at, &next, std::min(sizeof next, body.size() - at)) != 0) {
            return false;
        }
        next = word(id, at + 1);
    }
    return true;
}

}  // namespace esteira::simulation

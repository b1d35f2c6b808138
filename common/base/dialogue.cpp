#include "common/base/dialogue.hpp"

#include <array>
#include <cstdio>

namespace esteira::dialogue {

std::string message_id(std::uint64_t broker, MessageNumber number) {
    constexpr std::uint64_t kVersionMask = 0xF000;
    constexpr std::uint64_t kVersion = 0x8000;
    constexpr std::uint64_t kVariantMask = 0x3FFF'FFFF'FFFF'FFFF;
    constexpr std::uint64_t kVariant = 0x8000'0000'0000'0000;
    const std::uint64_t high = (broker & ~kVersionMask) | kVersion;
    const std::uint64_t low = (number.value & kVariantMask) | kVariant;
    std::array<char, 37> text{};
    std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx",
                  static_cast<unsigned>(high >> 32), static_cast<unsigned>((high >> 16) & 0xFFFF),
                  static_cast<unsigned>(high & 0xFFFF), static_cast<unsigned>(low >> 48),
                  static_cast<unsigned long long>(low & 0xFFFF'FFFF'FFFF));
    return {text.data(), 36};
}

std::optional<MessageNumber> message_number(std::uint64_t broker, std::string_view id) {
    constexpr std::size_t kLowAt = 19;  // Of its last two groups.
    constexpr std::uint64_t kVariantMask = 0x3FFF'FFFF'FFFF'FFFF;
    std::uint64_t low = 0;
    for (std::size_t i = kLowAt; i < id.size(); ++i) {
        const char c = id[i];
        if (c != '-') {
            low = low << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
        }
    }
    const MessageNumber number{low & kVariantMask};
    return message_id(broker, number) == id ? std::optional(number) : std::nullopt;
}

const char* to_string(Code code) {
    switch (code) {
        case Code::ok:
            return "ok";
        case Code::bad_request:
            return "bad_request";
        case Code::no_such_queue:
            return "no_such_queue";
        case Code::queue_exists:
            return "queue_exists";
        case Code::queue_full:
            return "queue_full";
        case Code::receipt_invalid:
            return "receipt_invalid";
        case Code::receipt_stale:
            return "receipt_stale";
        case Code::too_large:
            return "too_large";
        case Code::draining:
            return "draining";
        case Code::disk_full:
            return "disk_full";
        case Code::request_expired:
            return "request_expired";
        case Code::request_mismatch:
            return "request_mismatch";
        case Code::limit_exceeded:
            return "limit_exceeded";
        case Code::paused:
            return "paused";
        case Code::conflict:
            return "conflict";
        case Code::journal_damage:
            return "journal_damage";
        case Code::not_found:
            return "not_found";
    }
    return "unknown";
}

const char* to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::done:
            return "done";
        case Verdict::retry:
            return "retry";
        case Verdict::dead:
            return "dead";
        case Verdict::hand_back:
            return "hand_back";
        case Verdict::visibility:
            return "visibility";
    }
    return "unknown";
}

}  // namespace esteira::dialogue

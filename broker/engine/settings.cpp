#include "broker/engine/settings.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace esteira::engine {

namespace {

using limits::kVisibilityMax;

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

// How one attribute is read and written. A row is all that a new attribute needs.
struct Row {
    std::string_view name;
    std::uint64_t least;
    std::uint64_t most;
    void (*set)(Settings&, std::uint64_t);
    std::uint64_t (*get)(const Settings&);
};

constexpr std::uint64_t seconds(Millis t) { return static_cast<std::uint64_t>(t.count()) / 1000; }
constexpr std::uint64_t millis(Millis t) { return static_cast<std::uint64_t>(t.count()); }
constexpr Millis from_seconds(std::uint64_t s) {
    return Millis{static_cast<std::int64_t>(s) * 1000};
}
constexpr Millis from_millis(std::uint64_t ms) { return Millis{static_cast<std::int64_t>(ms)}; }

constexpr std::uint64_t kNoLimit = 1ULL << 62;

constexpr Row kRows[] = {
    {"DelaySeconds", 0, seconds(limits::kDelayMax),
     [](Settings& s, std::uint64_t v) { s.delay = from_seconds(v); },
     [](const Settings& s) { return seconds(s.delay); }},
    {"MaximumMessageSize", limits::kMessageBytesMaxLeast, limits::kMessageBytesMax,
     [](Settings& s, std::uint64_t v) { s.message_bytes_max = static_cast<std::uint32_t>(v); },
     [](const Settings& s) { return std::uint64_t{s.message_bytes_max}; }},
    {"MessageRetentionPeriod", seconds(limits::kRetentionMin), seconds(limits::kRetentionMax),
     [](Settings& s, std::uint64_t v) { s.retention = from_seconds(v); },
     [](const Settings& s) { return seconds(s.retention); }},
    {"ReceiveMessageWaitTimeSeconds", 0, seconds(limits::kWaitMax),
     [](Settings& s, std::uint64_t v) { s.wait = from_seconds(v); },
     [](const Settings& s) { return seconds(s.wait); }},
    {"VisibilityTimeout", 0, seconds(kVisibilityMax),
     [](Settings& s, std::uint64_t v) { s.visibility = from_seconds(v); },
     [](const Settings& s) { return seconds(s.visibility); }},
    {"MaxReceives", 0, limits::kMaxReceivesMax,
     [](Settings& s, std::uint64_t v) { s.max_receives = static_cast<std::uint32_t>(v); },
     [](const Settings& s) { return std::uint64_t{s.max_receives}; }},
    {"RetryBaseMillis", 0, millis(kVisibilityMax),
     [](Settings& s, std::uint64_t v) { s.retry_base = from_millis(v); },
     [](const Settings& s) { return millis(s.retry_base); }},
    {"RetryMaxMillis", 0, millis(kVisibilityMax),
     [](Settings& s, std::uint64_t v) { s.retry_max = from_millis(v); },
     [](const Settings& s) { return millis(s.retry_max); }},
    {"MaxMessages", 0, kNoLimit, [](Settings& s, std::uint64_t v) { s.messages_max = v; },
     [](const Settings& s) { return s.messages_max; }},
    {"MaxBytes", 0, kNoLimit, [](Settings& s, std::uint64_t v) { s.bytes_max = v; },
     [](const Settings& s) { return s.bytes_max; }},
};

constexpr std::string_view kDeadLetterQueue = "DeadLetterQueue";

// What is wrong with this one, or nothing.
std::string set_one(Settings& settings, const std::string& name, const std::string& value) {
    if (name == kDeadLetterQueue) {
        if (!value.empty()) {
            if (const auto fault = fault_in_queue_name(value); !fault.empty()) {
                return name + " " + value + ": " + std::string(fault);
            }
        }
        settings.dead_letter_queue = value;
        return {};
    }
    const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                   [&](const Row& r) { return r.name == name; });
    if (row == std::end(kRows)) {
        return "unknown attribute " + name;
    }
    const auto number = number_in(value);
    if (!number || *number < row->least || *number > row->most) {
        return name + " is a whole number from " + std::to_string(row->least) + " to " +
               std::to_string(row->most) + ", not " + value.substr(0, 40);
    }
    row->set(settings, *number);
    return {};
}

}  // namespace

Result<Settings, std::string> with_attributes(Settings settings,
                                              const dialogue::Attributes& attributes) {
    for (const auto& [name, value] : attributes) {
        if (std::string fault = set_one(settings, name, value); !fault.empty()) {
            return fault;
        }
    }
    return settings;
}

dialogue::Attributes to_attributes(const Settings& settings) {
    dialogue::Attributes attributes;
    for (const Row& row : kRows) {
        attributes.emplace_back(row.name, std::to_string(row.get(settings)));
    }
    attributes.emplace_back(kDeadLetterQueue, settings.dead_letter_queue);
    return attributes;
}

std::string_view fault_in_queue_name(std::string_view name) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    };
    if (name.empty() || name.size() > limits::kQueueNameBytesMax ||
        !std::all_of(name.begin(), name.end(), good)) {
        return "a queue's name has 1 to 80 letters, digits, hyphens and underscores";
    }
    return {};
}

Millis backoff(const Settings& settings, std::uint32_t receives, std::uint64_t seed) {
    const std::uint32_t doublings = std::min(receives == 0 ? 0 : receives - 1, 30U);
    const std::int64_t grown = settings.retry_base.count() << doublings;
    const std::int64_t whole = std::min<std::int64_t>(grown, settings.retry_max.count());
    std::uint64_t mixed = (seed + 0x9E3779B97F4A7C15ULL) * 0xBF58476D1CE4E5B9ULL;
    mixed ^= mixed >> 31;
    const std::int64_t half = whole / 2;
    return Millis{whole - half +
                  static_cast<std::int64_t>(mixed % static_cast<std::uint64_t>(half + 1))};
}

}  // namespace esteira::engine

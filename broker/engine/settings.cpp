#include "broker/engine/settings.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <type_traits>
#include <variant>
#include <vector>

#include "common/base/text.hpp"

namespace esteira::engine {

namespace {

using limits::kVisibilityMax;

// How the value of an attribute is written, and which member of Settings it is. set() says what is
// wrong with a text, behind the attribute's name, or nothing: then the member has it.
struct Number {
    std::variant<Millis Settings::*, std::uint32_t Settings::*, std::uint64_t Settings::*> member;
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    std::uint64_t unit = 1;  // Of what the member counts.

    std::string set(Settings& settings, const std::string& text) const;
    std::string get(const Settings& settings) const;
};
// One of two words: the second one is true.
struct Choice {
    bool Settings::*member = nullptr;
    std::string_view off = "false";  // These two are taken in any case,
    std::string_view on = "true";    // others as they are.

    std::string set(Settings& settings, const std::string& text) const;
    std::string get(const Settings& settings) const {
        return std::string(settings.*member ? on : off);
    }
};
struct Text {
    std::string Settings::*member = nullptr;
    std::string_view (*fault_in)(std::string_view text) = nullptr;  // An empty text is always good.

    std::string set(Settings& settings, const std::string& text) const;
    std::string get(const Settings& settings) const { return settings.*member; }
};

std::string shortened(const std::string& text) {
    constexpr std::size_t kShown = 40;
    return std::string(beginning_of(text, kShown));
}

std::string Number::set(Settings& settings, const std::string& text) const {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < least ||
        number > most) {
        return "is a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
               ", not " + shortened(text);
    }
    std::visit(
        [&](auto of) {
            using Value = std::decay_t<decltype(settings.*of)>;
            if constexpr (std::is_same_v<Value, Millis>) {
                settings.*of = Millis{static_cast<std::int64_t>(number * unit)};
            } else {
                settings.*of = static_cast<Value>(number * unit);
            }
        },
        member);
    return {};
}

std::string Number::get(const Settings& settings) const {
    return std::visit(
        [&](auto of) {
            if constexpr (std::is_same_v<std::decay_t<decltype(settings.*of)>, Millis>) {
                return std::to_string(static_cast<std::uint64_t>((settings.*of).count()) / unit);
            } else {
                return std::to_string(settings.*of / unit);
            }
        },
        member);
}

std::string Choice::set(Settings& settings, const std::string& text) const {
    std::string word = text;
    if (on == "true") {
        std::transform(word.begin(), word.end(), word.begin(), [](char c) {
            return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        });
    }
    if (word != off && word != on) {
        return "is " + std::string(off) + " or " + std::string(on) + ", not " + shortened(text);
    }
    settings.*member = word == on;
    return {};
}

std::string Text::set(Settings& settings, const std::string& text) const {
    if (!text.empty()) {
        if (const auto fault = fault_in(text); !fault.empty()) {
            return shortened(text) + ": " + std::string(fault);
        }
    }
    settings.*member = text;
    return {};
}

// The names of "byQueue:a,b", or nothing when it is another text.
std::optional<std::vector<std::string_view>> queues_allowed(std::string_view text) {
    constexpr std::string_view kByQueue = "byQueue:";
    if (!text.starts_with(kByQueue)) {
        return std::nullopt;
    }
    text.remove_prefix(kByQueue.size());
    std::vector<std::string_view> names;
    for (std::size_t end = 0; end != std::string_view::npos; text.remove_prefix(end + 1)) {
        end = text.find(',');
        names.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            break;
        }
    }
    return names;
}

constexpr std::string_view kDenyAll = "denyAll";

std::string_view fault_in_redrive_allow(std::string_view text) {
    constexpr std::size_t kQueuesAllowedMax = 10;
    if (text == "allowAll" || text == kDenyAll) {
        return {};
    }
    const auto names = queues_allowed(text);
    if (!names || names->size() > kQueuesAllowedMax ||
        std::any_of(names->begin(), names->end(),
                    [](std::string_view name) { return !fault_in_queue_name(name).empty(); })) {
        return "it is allowAll, denyAll or byQueue: with up to ten names of queues, as in "
               "byQueue:stock,orders";
    }
    return {};
}

std::string_view fault_in_policy(std::string_view text) {
    if (text.size() > limits::kPolicyBytesMax || text.front() != '{' || text.back() != '}') {
        return "a policy is a JSON object of at most 8192 bytes";
    }
    return {};
}

std::string_view fault_in_key(std::string_view text) {
    const bool visible =
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
    return text.size() <= limits::kKmsKeyBytesMax && visible
               ? std::string_view{}
               : "a key's id has at most 2048 visible ASCII characters";
}

bool always(const Settings&) { return true; }
bool is_fifo(const Settings& settings) { return settings.fifo; }

bool has_redrive_allow(const Settings& settings) { return !settings.redrive_allow.empty(); }
bool has_policy(const Settings& settings) { return !settings.policy.empty(); }
bool has_key(const Settings& settings) { return !settings.kms_key.empty(); }
bool has_key_reuse(const Settings& settings) {
    return settings.kms_key_reused != Settings{}.kms_key_reused;
}

// A row is all that a new attribute needs.
struct Row {
    std::string_view name;
    std::variant<Number, Choice, Text> value;
    // What is not told has its initial value.
    bool (*told)(const Settings&) = always;
    bool can_be_set = true;  // Else it follows from others, and only tells.
};

constexpr std::string_view kFifoEnding = ".fifo";
constexpr std::uint64_t kSecond = 1000;  // Times are kept in milliseconds.
constexpr std::uint64_t seconds(Millis t) { return static_cast<std::uint64_t>(t.count()) / 1000; }
constexpr std::uint64_t millis(Millis t) { return static_cast<std::uint64_t>(t.count()); }

constexpr std::uint64_t kNoLimit = 1ULL << 62;

// Two ways to encrypt at rest: each of them, when set, ends the other.
constexpr std::string_view kKmsKey = "KmsMasterKeyId";
constexpr std::string_view kManagedEncryption = "SqsManagedSseEnabled";

constexpr Row kRows[] = {
    {"DelaySeconds", Number{&Settings::delay, 0, seconds(limits::kDelayMax), kSecond}},
    {"MaximumMessageSize",
     Number{&Settings::message_bytes_max, limits::kMessageBytesMaxLeast, limits::kMessageBytesMax}},
    {"MessageRetentionPeriod", Number{&Settings::retention, seconds(limits::kRetentionMin),
                                      seconds(limits::kRetentionMax), kSecond}},
    {"ReceiveMessageWaitTimeSeconds",
     Number{&Settings::wait, 0, seconds(limits::kWaitMax), kSecond}},
    {"VisibilityTimeout", Number{&Settings::visibility, 0, seconds(kVisibilityMax), kSecond}},
    {"FifoQueue", Choice{&Settings::fifo}, is_fifo},
    {"ContentBasedDeduplication", Choice{&Settings::content_based_dedup}, is_fifo},
    {"DeduplicationScope", Choice{&Settings::dedup_by_group, "queue", "messageGroup"}, is_fifo},
    {"DeduplicationScopeInForce", Choice{&Settings::dedup_by_group_made, "queue", "messageGroup"},
     is_fifo, false},
    {"FifoThroughputLimit", Choice{&Settings::limit_by_group, "perQueue", "perMessageGroupId"},
     is_fifo},
    {"MaxReceives", Number{&Settings::max_receives, 0, limits::kMaxReceivesMax}},
    {"DeadLetterQueue", Text{&Settings::dead_letter_queue, fault_in_queue_name}},
    {"RetryBaseMillis", Number{&Settings::retry_base, 0, millis(kVisibilityMax)}},
    {"RetryMaxMillis", Number{&Settings::retry_max, 0, millis(kVisibilityMax)}},
    {"MaxMessages", Number{&Settings::messages_max, 0, kNoLimit}},
    {"MaxBytes", Number{&Settings::bytes_max, 0, kNoLimit}},
    {"RedriveAllow", Text{&Settings::redrive_allow, fault_in_redrive_allow}, has_redrive_allow},
    {"SendsPaused", Choice{&Settings::sends_paused}},
    {"ReceivesPaused", Choice{&Settings::receives_paused}},
    {"Policy", Text{&Settings::policy, fault_in_policy}, has_policy},
    {kKmsKey, Text{&Settings::kms_key, fault_in_key}, has_key},
    {"KmsDataKeyReusePeriodSeconds", Number{&Settings::kms_key_reused, 60, 86'400, kSecond},
     has_key_reuse},
    {kManagedEncryption, Choice{&Settings::managed_encryption}},
};

// What is wrong with this one, or nothing.
std::string set_one(Settings& settings, const std::string& name, const std::string& value) {
    const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                   [&](const Row& r) { return r.name == name; });
    if (row == std::end(kRows)) {
        return "unknown attribute " + name;
    }
    const std::string fault =
        std::visit([&](const auto& kind) { return kind.set(settings, value); }, row->value);
    return fault.empty() ? fault : name + " " + fault;
}

std::string text_of(const Row& row, const Settings& settings) {
    return std::visit([&](const auto& kind) { return kind.get(settings); }, row.value);
}

}  // namespace

Result<Settings, std::string> with_attributes(Settings settings,
                                              const dialogue::Attributes& attributes) {
    for (const auto& [name, value] : attributes) {
        if (std::string fault = set_one(settings, name, value); !fault.empty()) {
            return fault;
        }
    }
    const bool has_key = sets(attributes, kKmsKey) && !settings.kms_key.empty();
    if (has_key && sets(attributes, kManagedEncryption) && settings.managed_encryption) {
        return std::string(kKmsKey) + " and " + std::string(kManagedEncryption) +
               " exclude each other";
    }
    if (has_key) {
        settings.managed_encryption = false;
    } else if (settings.managed_encryption) {
        settings.kms_key.clear();
    }
    return settings;
}

bool sets(const dialogue::Attributes& attributes, std::string_view name) {
    return std::any_of(attributes.begin(), attributes.end(),
                       [&](const auto& pair) { return pair.first == name; });
}

std::string fault_in_pair(const Settings& settings) {
    if (settings.max_receives > 0 && settings.dead_letter_queue.empty()) {
        return "MaxReceives needs a DeadLetterQueue";
    }
    if (!settings.fifo &&
        (settings.content_based_dedup || settings.dedup_by_group || settings.limit_by_group)) {
        return "ContentBasedDeduplication, DeduplicationScope and FifoThroughputLimit are for FIFO "
               "queues";
    }
    if (settings.limit_by_group && !settings.dedup_by_group) {
        return "FifoThroughputLimit perMessageGroupId needs DeduplicationScope messageGroup";
    }
    return {};
}

bool takes_dead_letters_of(const Settings& settings, std::string_view source) {
    const auto names = queues_allowed(settings.redrive_allow);
    if (names) {
        return std::find(names->begin(), names->end(), source) != names->end();
    }
    return settings.redrive_allow != kDenyAll;
}

dialogue::Attributes to_attributes(const Settings& settings) {
    dialogue::Attributes attributes;
    for (const Row& row : kRows) {
        if (row.told(settings)) {
            attributes.emplace_back(row.name, text_of(row, settings));
        }
    }
    return attributes;
}

bool is_fifo_name(std::string_view name) { return name.ends_with(kFifoEnding); }

dialogue::Attributes all_attributes(const Settings& settings) {
    dialogue::Attributes attributes;
    for (const Row& row : kRows) {
        if (row.can_be_set) {
            attributes.emplace_back(row.name, text_of(row, settings));
        }
    }
    return attributes;
}

std::string_view fault_in_queue_name(std::string_view name) {
    const std::size_t length = name.size();
    if (is_fifo_name(name)) {
        name.remove_suffix(kFifoEnding.size());
    }
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    };
    if (name.empty() || length > limits::kQueueNameBytesMax ||
        !std::all_of(name.begin(), name.end(), good)) {
        return "a queue's name has 1 to 80 letters, digits, hyphens and underscores; a FIFO "
               "queue's "
               "ends with .fifo";
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

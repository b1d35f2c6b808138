#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/contracts/business_time.hpp"
#include "common/contracts/fields.hpp"
#include "common/contracts/json_scan.hpp"
#include "common/contracts/money.hpp"

// Reads the fields of one JSON object of a message, in the order in which a contract asks for them.
// The first fault is kept and nothing is read after it; a reason names the key, what it holds and
// what is expected. Keys that nobody asks for are let be.
namespace esteira::contracts {

// A part of a body that a contract refuses.
struct BadItem {
    std::string item;    // The JSON value as received.
    std::string reason;  // For people; valid UTF-8, names the key.

    bool operator==(const BadItem&) const = default;
};
template <class Value>
using Item = Result<Value, BadItem>;

// When something happened in the business: as received, and what that means.
struct BusinessTime {
    std::string text;
    Instant instant;

    bool operator==(const BusinessTime&) const = default;
};

// Times that a contract takes: from here to one day after now.
inline constexpr Instant kOldestTime = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
// How zoneless times are read, and what "now" is.
struct TimeRules {
    const Zone& zone;
    WallTime now;
};

// How numbers may be written.
enum class Written : std::uint8_t {
    as_number,          // 10
    as_number_or_text,  // 10 or "10"
};
struct Range {
    std::int64_t min = 0;
    std::int64_t max = 0;
};

// Days that a contract takes. Today is that of the zone of the rules.
enum class LastDay : std::uint8_t { today, tomorrow };
struct DayRange {
    std::chrono::year_month_day first;
    LastDay last = LastDay::today;
};

class ObjectReader {
public:
    // An element that is no object, or has a flaw, is refused.
    explicit ObjectReader(const JsonElement& element);

    bool ok() const { return reason_.empty(); }
    // The refusal of `element`. Not when ok().
    BadItem bad(const JsonElement& element) const { return {std::string(element.text), reason_}; }
    const std::string& reason() const { return reason_; }
    // For faults that lie between fields. The first one is kept.
    void refuse(std::string reason);

    // Whether the key is there and not null.
    bool given(std::string_view key) const;
    // The value as written; empty when the key is missing.
    std::string_view raw(std::string_view key) const;

    void text(std::string_view key, TextLimits limits, std::string& out);
    // Leaves `out` as it is when the key is not given.
    void optional_text(std::string_view key, TextLimits limits, std::string& out);
    void integer(std::string_view key, Range range, std::int64_t& out,
                 Written how = Written::as_number);
    // A number or a text; not negative.
    void amount(std::string_view key, Money& out);
    void time(std::string_view key, const TimeRules& rules, BusinessTime& out);
    // From a source whose clock is UTC, see parse_utc_time(): the zone of the rules says nothing.
    void utc_time(std::string_view key, const TimeRules& rules, BusinessTime& out);
    // YYYY-MM-DD, a day that exists.
    void date(std::string_view key, DayRange range, const TimeRules& rules,
              std::chrono::year_month_day& out);
    // One of `words`; gives its place.
    void word(std::string_view key, std::span<const std::string_view> words, std::size_t& out);
    // An object, and an array of so many objects, each of which `read` reads; its reason is told
    // with the place: "itens[2]: quantidade is missing".
    using Each = std::function<void(ObjectReader& element)>;
    void object(std::string_view key, const Each& read);
    void objects(std::string_view key, std::size_t count_min, std::size_t count_max,
                 const Each& read);

private:
    // A key and what it holds, for a reason.
    std::string told(std::string_view key) const;
    // The value, unless it is missing, in which case that is the fault.
    std::string_view needed(std::string_view key);
    // What a number or text stands for as digits; empty: refused.
    std::string number_text(std::string_view key, Written how, std::string_view expected);

    using ParseTime = std::function<Result<Instant, std::string>(std::string_view text)>;
    void parsed_time(std::string_view key, const ParseTime& parse, WallTime now, BusinessTime& out);

    std::span<const JsonField> fields_;
    std::string reason_;
};

// Each value of a contract has its JSON object as received.
template <class Value>
void keep_item(Value& value, std::string_view item) {
    value.item = item;
}
template <class... Kinds>
void keep_item(std::variant<Kinds...>& value, std::string_view item) {
    std::visit([&](auto& kind) { kind.item = item; }, value);
}

// The items of a body: what `read` makes of each, or why it is refused. The error is the reason why
// the body as a whole cannot be read; more than kBodyItemsMax items are one.
template <class Value>
Result<std::vector<Item<Value>>, std::string> read_items(
    std::string_view body, const std::function<Value(ObjectReader&)>& read) {
    std::vector<Item<Value>> items;
    std::size_t count = 0;
    const auto failed = read_elements(body, [&](const JsonElement& element) {
        if (++count > kBodyItemsMax) {
            return;
        }
        ObjectReader in(element);
        Value value = read(in);
        if (!in.ok()) {
            items.emplace_back(in.bad(element));
            return;
        }
        keep_item(value, element.text);
        items.emplace_back(std::move(value));
    });
    if (failed) {
        return *failed;
    }
    if (count > kBodyItemsMax) {
        return "the body has " + std::to_string(count) + " items; at most " +
               std::to_string(kBodyItemsMax) + " are read";
    }
    return items;
}

}  // namespace esteira::contracts

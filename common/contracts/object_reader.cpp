#include "common/contracts/object_reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace esteira::contracts {

ObjectReader::ObjectReader(const JsonElement& element) : fields_(element.fields) {
    if (element.flaw != JsonFlaw::none) {
        refuse(std::string(describe(element.flaw)));
    } else if (!element.is_object()) {
        refuse("the item is " + std::string(kind_of(element.text)) + "; an object is expected");
    }
}

void ObjectReader::refuse(std::string reason) {
    if (ok()) {
        reason_ = std::move(reason);
    }
}

std::string_view ObjectReader::raw(std::string_view key) const {
    const auto at = std::find_if(fields_.begin(), fields_.end(),
                                 [&](const JsonField& field) { return field.key == key; });
    return at == fields_.end() ? std::string_view() : at->value;
}

bool ObjectReader::given(std::string_view key) const {
    const std::string_view value = raw(key);
    return !value.empty() && value != "null";
}

std::string ObjectReader::told(std::string_view key) const {
    return std::string(key) + " " + excerpt(raw(key));
}

std::string_view ObjectReader::needed(std::string_view key) {
    const std::string_view value = raw(key);
    if (value.empty()) {
        refuse(std::string(key) + " is missing");
    }
    return value;
}

void ObjectReader::text(std::string_view key, TextLimits limits, std::string& out) {
    if (ok()) {
        refuse(read_text(key, raw(key), limits, out));
    }
}

void ObjectReader::optional_text(std::string_view key, TextLimits limits, std::string& out) {
    if (given(key)) {
        text(key, limits, out);
    }
}

std::string ObjectReader::number_text(std::string_view key, Written how,
                                      std::string_view expected) {
    const std::string_view value = needed(key);
    if (!ok()) {
        return {};
    }
    if (kind_of(value) == "a number") {
        return std::string(value);
    }
    auto text = how == Written::as_number_or_text ? json_text(value) : std::nullopt;
    if (!text) {
        refuse(std::string(key) + " is " + std::string(kind_of(value)) + "; " +
               std::string(expected) + " is expected");
        return {};
    }
    return std::move(*text);
}

void ObjectReader::integer(std::string_view key, Range range, std::int64_t& out, Written how) {
    const std::string text = number_text(key, how, "an integer");
    if (!ok()) {
        return;
    }
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool digits =
        !text.empty() &&
        text.find_first_not_of("0123456789", text.front() == '-' ? 1 : 0) == std::string::npos &&
        text != "-";
    if (!digits) {
        return refuse(told(key) + " is not written as an integer");
    }
    if (error != std::errc{} || number < range.min || number > range.max) {
        return refuse(told(key) + " is not within " + std::to_string(range.min) + ".." +
                      std::to_string(range.max));
    }
    out = number;
}

void ObjectReader::amount(std::string_view key, Money& out) {
    const std::string text = number_text(key, Written::as_number_or_text, "an amount");
    if (!ok()) {
        return;
    }
    const auto amount = parse_money(text);
    if (!amount) {
        return refuse(told(key) + " " + amount.error());
    }
    if (amount.value().centavos < 0) {
        return refuse(told(key) + " is negative");
    }
    out = amount.value();
}

void ObjectReader::time(std::string_view key, const TimeRules& rules, BusinessTime& out) {
    const auto parse = [&](std::string_view text) { return parse_time(text, rules.zone); };
    parsed_time(key, parse, rules.now, out);
}

void ObjectReader::utc_time(std::string_view key, const TimeRules& rules, BusinessTime& out) {
    parsed_time(key, parse_utc_time, rules.now, out);
}

void ObjectReader::parsed_time(std::string_view key, const ParseTime& parse, WallTime now,
                               BusinessTime& out) {
    std::string text;
    this->text(key, {1, 64}, text);
    if (!ok()) {
        return;
    }
    const auto instant = parse(text);
    if (!instant) {
        return refuse(told(key) + " " + instant.error());
    }
    if (instant.value() < kOldestTime || instant.value() > now + std::chrono::days(1)) {
        return refuse(told(key) + " is not between 2000-01-01 and one day from now");
    }
    out = {std::move(text), instant.value()};
}

void ObjectReader::date(std::string_view key, DayRange range, const TimeRules& rules,
                        std::chrono::year_month_day& out) {
    std::string text;
    this->text(key, {1, 64}, text);
    if (!ok()) {
        return;
    }
    const auto day = parse_day(text);
    if (!day) {
        return refuse(told(key) + " is not a day like 1990-12-31");
    }
    const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(rules.now);
    const bool tomorrow = range.last == LastDay::tomorrow;
    const std::chrono::year_month_day last{
        std::chrono::local_days(std::chrono::floor<std::chrono::days>(rules.zone.local(now)) +
                                std::chrono::days(tomorrow ? 1 : 0))};
    if (*day < range.first || *day > last) {
        return refuse(told(key) + " is not between " +
                      std::to_string(static_cast<int>(range.first.year())) + " and " +
                      (tomorrow ? "tomorrow" : "today"));
    }
    out = *day;
}

void ObjectReader::word(std::string_view key, std::span<const std::string_view> words,
                        std::size_t& out) {
    std::string text;
    this->text(key, {1, 64}, text);
    if (!ok()) {
        return;
    }
    const auto at = std::find(words.begin(), words.end(), text);
    if (at != words.end()) {
        out = static_cast<std::size_t>(at - words.begin());
        return;
    }
    std::string all;
    for (const std::string_view one : words) {
        all += (all.empty() ? "" : ", ") + std::string(one);
    }
    refuse(told(key) + " is none of " + all);
}

void ObjectReader::object(std::string_view key, const Each& read) {
    const std::string_view value = needed(key);
    if (!ok()) {
        return;
    }
    if (kind_of(value) != "an object") {
        return refuse(std::string(key) + " is " + std::string(kind_of(value)) +
                      "; an object is expected");
    }
    read_elements(value, [&](const JsonElement& element) {
        ObjectReader reader(element);
        read(reader);
        if (!reader.ok()) {
            refuse(std::string(key) + ": " + reader.reason());
        }
    });
}

void ObjectReader::objects(std::string_view key, std::size_t count_min, std::size_t count_max,
                           const Each& read) {
    const std::string_view value = needed(key);
    if (!ok()) {
        return;
    }
    if (kind_of(value) != "an array") {
        return refuse(std::string(key) + " is " + std::string(kind_of(value)) +
                      "; an array of objects is expected");
    }
    std::size_t count = 0;
    read_elements(value, [&](const JsonElement& element) {
        ObjectReader reader(element);
        if (ok()) {
            if (reader.ok()) {
                read(reader);
            }
            if (!reader.ok()) {
                refuse(std::string(key) + "[" + std::to_string(count) + "]: " + reader.reason());
            }
        }
        ++count;
    });
    if (count < count_min || count > count_max) {
        refuse(std::string(key) + " has " + std::to_string(count) + " elements; " +
               std::to_string(count_min) + " to " + std::to_string(count_max) + " are expected");
    }
}

}  // namespace esteira::contracts

#include "producers/clicks/click_row.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <iterator>

#include "common/base/text.hpp"
#include "common/contracts/json_string.hpp"
#include "common/contracts/money.hpp"
#include "producers/clicks/csv_record.hpp"

namespace esteira::clicks {

namespace {

constexpr std::array<std::string_view, 5> kEventTypes = {"view", "cart", "remove_from_cart",
                                                         "purchase", "search"};
constexpr std::string_view kTimeForm = "0000-00-00 00:00:00 UTC";
constexpr std::size_t kCategoryCharactersMax = 200;
constexpr std::size_t kBrandCharactersMax = 100;
constexpr std::size_t kSessionCharactersMax = 64;
constexpr std::size_t kSearchCharactersMax = 500;
constexpr std::size_t kExcerptBytes = 40;
constexpr std::size_t kDecimalsMax = 2;

std::string fault(std::string_view name, std::string_view value, std::string_view why) {
    if (value.empty()) {
        return std::string(name) + " is missing";
    }
    std::string text = std::string(name) + " '" + as_clean_text(value, kExcerptBytes);
    return text + (value.size() > kExcerptBytes ? "...' " : "' ") + std::string(why);
}

// Digits where the form has a 0, and nothing else than the form elsewhere.
bool has_time_form(std::string_view text) {
    return text.size() == kTimeForm.size() &&
           std::equal(text.begin(), text.end(), kTimeForm.begin(), [](char c, char form) {
               return form == '0' ? c >= '0' && c <= '9' : c == form;
           });
}

int number_at(std::string_view text, std::size_t at, std::size_t size) {
    int number = 0;
    for (const char c : text.substr(at, size)) {
        number = number * 10 + (c - '0');
    }
    return number;
}

// Empty when `text` is a time, which is then in `time`; else what is wrong.
std::string_view read_time(std::string_view text, std::chrono::sys_seconds& time) {
    if (!has_time_form(text)) {
        return "is not a time like '2026-11-20 10:00:00 UTC'";
    }
    const std::chrono::year_month_day day(
        std::chrono::year(number_at(text, 0, 4)),
        std::chrono::month(static_cast<unsigned>(number_at(text, 5, 2))),
        std::chrono::day(static_cast<unsigned>(number_at(text, 8, 2))));
    const int hour = number_at(text, 11, 2);
    const int minute = number_at(text, 14, 2);
    const int second = number_at(text, 17, 2);
    if (!day.ok() || hour > 23 || minute > 59 || second > 59) {
        return "is not a time of any day";
    }
    if (day.year() < std::chrono::year(2000)) {
        return "is before 2000-01-01";
    }
    time = std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
    return {};
}

bool is_id(std::string_view text) {
    std::int64_t id = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return error == std::errc{} && rest == text.data() + text.size() && text.front() != '-' &&
           (text.front() != '0' || text.size() == 1);
}

std::string_view price_fault(std::string_view text, contracts::Money& price) {
    const std::size_t point = text.find('.');
    const auto money = contracts::parse_money(text);
    if (!money) {
        return "is not an amount like 12.30, of at most 999999999999.99";
    }
    if (point != std::string_view::npos && text.size() - point - 1 > kDecimalsMax) {
        return "has more than two decimals";
    }
    price = money.value();
    return text.starts_with('-') ? "is below 0" : "";
}

// Empty when `text` can stand in a message; else what is wrong.
std::string text_fault(std::string_view text, std::size_t characters_max) {
    std::size_t characters = 0;
    for (std::size_t at = 0; at < text.size(); ++characters) {
        if (text[at] == '\0') {
            return "has a NUL character";
        }
        const bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
        const std::size_t length = ascii ? 1 : contracts::utf8_length(text.substr(at));
        if (length == 0) {
            return "is not UTF-8";
        }
        at += length;
    }
    return characters <= characters_max
               ? ""
               : "has more than " + std::to_string(characters_max) + " characters";
}

void append_json_text(std::string_view text, std::string& json) {
    json += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
            json += escape.data();
        } else {
            json += c;
        }
    }
    json += '"';
}

// Writes an object key by key, until the first value that cannot be.
class EventWriter {
public:
    EventWriter() { json_.reserve(320); }

    void word(std::string_view name, std::string_view value) {
        key(name);
        append_json_text(value, json_);
    }

    void id(std::string_view name, std::string_view value, bool may_miss = false) {
        if (!reads(value, may_miss)) {
            return;
        }
        if (value.empty() || !is_id(value)) {
            return fail(name, value, "is not a whole number from 0 to 9223372036854775807");
        }
        key(name);
        json_ += value;
    }

    void price(std::string_view name, std::string_view value, bool may_miss) {
        if (!reads(value, may_miss)) {
            return;
        }
        contracts::Money price;
        if (const auto wrong = price_fault(value, price); !wrong.empty()) {
            return fail(name, value, wrong);
        }
        key(name);
        json_ += contracts::write_money(price);
    }

    void text(std::string_view name, std::string_view value, std::size_t characters_max,
              bool may_miss = true) {
        if (!reads(value, may_miss)) {
            return;
        }
        const std::string wrong = text_fault(value, characters_max);
        if (value.empty() || !wrong.empty()) {
            return fail(name, value, wrong);
        }
        word(name, value);
    }

    // "{...}", and the reason why not, or nothing.
    std::string json() && { return std::move(json_) + '}'; }
    const std::string& fault() const { return fault_; }

private:
    bool reads(std::string_view value, bool may_miss) const {
        return fault_.empty() && !(value.empty() && may_miss);
    }
    void fail(std::string_view name, std::string_view value, std::string_view why) {
        fault_ = clicks::fault(name, value, why);
    }
    void key(std::string_view name) {
        json_ += json_.empty() ? "{\"" : ",\"";
        json_ += name;
        json_ += "\":";
    }

    std::string json_;
    std::string fault_;
};

}  // namespace

Result<Click, std::string> click_of(const ClickRow& row) {
    Click click;
    if (const auto wrong = read_time(row.event_time, click.time); !wrong.empty()) {
        return fault("event_time", row.event_time, wrong);
    }
    if (std::find(kEventTypes.begin(), kEventTypes.end(), row.event_type) == kEventTypes.end()) {
        return fault("event_type", row.event_type,
                     "is none of view, cart, remove_from_cart, purchase, search");
    }
    const bool search = row.event_type == "search";
    EventWriter event;
    event.word("event_time", row.event_time);
    event.word("event_type", row.event_type);
    event.id("product_id", row.product_id, search);
    event.id("category_id", row.category_id, search);
    event.text("category_code", row.category_code, kCategoryCharactersMax);
    event.text("brand", row.brand, kBrandCharactersMax);
    event.price("price", row.price, search);
    event.id("user_id", row.user_id);
    event.text("user_session", row.user_session, kSessionCharactersMax);
    event.text("search_text", row.search_text, kSearchCharactersMax, !search);
    if (!event.fault().empty()) {
        return event.fault();
    }
    click.json = std::move(event).json();
    return click;
}

std::string click_message(std::span<const Click> clicks,
                          std::chrono::sys_time<std::chrono::milliseconds> now) {
    const auto midnight = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day day(midnight);
    const std::chrono::hh_mm_ss time(now - midnight);
    std::array<char, kClickFrameBytes> end{};
    std::snprintf(
        end.data(), end.size(), ",\"txn_timestamp\":\"%04d-%02u-%02uT%02d:%02d:%02d.%03dZ\"}",
        static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
        static_cast<unsigned>(day.day()), static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
        static_cast<int>(time.subseconds().count()));
    std::string body;
    for (const Click& click : clicks) {
        body += body.empty() ? '[' : ',';
        body.append(click.json, 0, click.json.size() - 1);
        body += end.data();
    }
    return body + ']';
}

std::string click_csv_header(bool with_search) {
    std::string line;
    for (const ClickColumn& column : kClickColumns) {
        if (with_search || column.field != &ClickRow::search_text) {
            line += line.empty() ? "" : ",";
            line += column.name;
        }
    }
    return line + "\n";
}

void append_click_csv(const ClickRow& row, bool with_search, std::string& text) {
    bool first = true;
    for (const ClickColumn& column : kClickColumns) {
        if (with_search || column.field != &ClickRow::search_text) {
            text += first ? "" : ",";
            append_csv_field(row.*column.field, text);
            first = false;
        }
    }
    text += '\n';
}

}  // namespace esteira::clicks

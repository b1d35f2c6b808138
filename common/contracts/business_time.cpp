#include "common/contracts/business_time.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace esteira::contracts {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::seconds;

constexpr std::int64_t kYear2037 = 2'114'380'800;  // 2037-01-01 00:00:00 UTC.
constexpr std::size_t kZoneFileBytesMax = 1 << 20;

// The header of a TZif block: how many of each thing follow it.
struct ZoneCounts {
    std::uint32_t isut = 0, isstd = 0, leap = 0, time = 0, type = 0, chars = 0;

    std::size_t bytes(std::size_t time_bytes) const {
        return std::size_t{time} * (time_bytes + 1) + std::size_t{type} * 6 + chars +
               std::size_t{leap} * (time_bytes + 4) + isstd + isut;
    }
};

std::int64_t big_endian(std::string_view bytes) {
    std::uint64_t number = (bytes.front() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (const char byte : bytes) {
        number = number << 8 | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int64_t>(number);
}

constexpr std::size_t kZoneHeaderBytes = 44;

std::optional<ZoneCounts> zone_header(std::string_view block) {
    if (block.size() < kZoneHeaderBytes || !block.starts_with("TZif")) {
        return std::nullopt;
    }
    const auto count = [&](std::size_t i) {
        return static_cast<std::uint32_t>(big_endian(block.substr(20 + 4 * i, 4)));
    };
    return ZoneCounts{count(0), count(1), count(2), count(3), count(4), count(5)};
}

// Digits only, exactly `count`; -1 otherwise.
int number(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) {
        return -1;
    }
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') {
            return -1;
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

// Takes `.` and 1..9 digits off the front of `rest`; false if they are malformed.
bool take_fraction(std::string_view& rest, microseconds& fraction) {
    if (!rest.starts_with('.')) {
        return true;
    }
    std::size_t count = 0;
    std::int64_t micros = 0;
    while (count + 1 < rest.size() && rest[count + 1] >= '0' && rest[count + 1] <= '9') {
        ++count;
        if (count <= 6) {
            micros = micros * 10 + (rest[count] - '0');
        }
    }
    if (count == 0 || count > 9) {
        return false;
    }
    for (std::size_t i = count; i < 6; ++i) {
        micros *= 10;
    }
    fraction = microseconds(micros);
    rest.remove_prefix(count + 1);
    return true;
}

// `Z`, `+HH:MM` or `+HHMM`, to 14 hours.
std::optional<seconds> offset_of(std::string_view text) {
    if (text == "Z") {
        return seconds(0);
    }
    if (!text.starts_with('+') && !text.starts_with('-')) {
        return std::nullopt;
    }
    const bool colon = text.size() == 6 && text[3] == ':';
    if (!colon && text.size() != 5) {
        return std::nullopt;
    }
    const int hours = number(text, 1, 2);
    const int minutes = number(text, colon ? 4 : 3, 2);
    if (hours < 0 || minutes < 0 || minutes > 59 || hours * 60 + minutes > 14 * 60) {
        return std::nullopt;
    }
    const seconds offset(hours * 3600 + minutes * 60);
    return text.front() == '-' ? -offset : offset;
}

}  // namespace

Zone Zone::fixed(seconds offset) {
    Zone zone;
    zone.first_offset_ = offset.count();
    return zone;
}

Result<Zone, std::string> Zone::load(const std::string& name) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '/' || c == '_' || c == '-' || c == '+';
    };
    if (name.empty() || name.front() == '/' || !std::all_of(name.begin(), name.end(), plain)) {
        return "'" + name + "' is not the name of a time zone";
    }
    const std::filesystem::path path = std::filesystem::path("/usr/share/zoneinfo") / name;
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(path, failed);
    std::ifstream file(path, std::ios::binary);
    if (failed || bytes > kZoneFileBytesMax || !file) {
        return "time zone '" + name + "': cannot read " + path.string();
    }
    const std::string content(std::istreambuf_iterator<char>(file), {});
    auto zone = parse(content);
    if (!zone) {
        return "time zone '" + name + "': " + zone.error();
    }
    return zone;
}

// Version 2 and later repeat everything with 64-bit times after the block of version 1.
Result<Zone, std::string> Zone::parse(std::string_view file) {
    const auto old = zone_header(file);
    if (!old || file[4] < '2') {
        return std::string("not a TZif file of version 2 or later");
    }
    const std::size_t old_bytes = kZoneHeaderBytes + old->bytes(4);
    if (old_bytes > file.size()) {
        return std::string("the file is cut off");
    }
    const std::string_view block = file.substr(old_bytes);
    const auto counts = zone_header(block);
    if (!counts || counts->type == 0 || counts->bytes(8) > block.size() - kZoneHeaderBytes) {
        return std::string("the file is cut off");
    }
    const std::string_view times = block.substr(kZoneHeaderBytes);
    const std::string_view indexes = times.substr(std::size_t{counts->time} * 8);
    const std::string_view types = indexes.substr(counts->time);
    const auto offset_of_type = [&](std::size_t type) {
        return big_endian(types.substr(type * 6, 4));
    };
    Zone zone;
    zone.first_offset_ = offset_of_type(0);
    for (std::size_t i = 0; i < counts->time; ++i) {
        const auto type = static_cast<unsigned char>(indexes[i]);
        if (type >= counts->type) {
            return std::string("the file is damaged");
        }
        zone.changes_.push_back({big_endian(times.substr(i * 8, 8)), offset_of_type(type)});
    }
    // The footer is the rule for the time after the table; a comma in it means that clocks go on
    // changing. Debian's files list those changes to 2037.
    const std::string_view footer = times.substr(counts->bytes(8));
    const bool goes_on = footer.find(',') != std::string_view::npos;
    if (goes_on && (zone.changes_.empty() || zone.changes_.back().at < kYear2037)) {
        return std::string("its table ends before 2037; install the full zone files (tzdata)");
    }
    return zone;
}

std::int64_t Zone::offset_at(std::int64_t at) const {
    const auto after =
        std::upper_bound(changes_.begin(), changes_.end(), at,
                         [](std::int64_t time, const Change& change) { return time < change.at; });
    return after == changes_.begin() ? first_offset_ : std::prev(after)->offset;
}

Instant Zone::instant(LocalTime local) const {
    // Every reading of a local time lies within a day of it read as UTC. The offset before a change
    // that is near, and the one after it, give the two candidates; where both or neither hold (the
    // hour was repeated or skipped) the later one counts.
    const std::int64_t naive = std::chrono::floor<seconds>(local).time_since_epoch().count();
    const std::int64_t before = offset_at(naive - 86'400);
    const std::int64_t after = offset_at(naive + 86'400);
    const bool before_holds = offset_at(naive - before) == before;
    const bool after_holds = offset_at(naive - after) == after;
    std::int64_t offset = before_holds ? before : after;
    if (before_holds == after_holds) {
        offset = std::min(before, after);
    }
    return Instant(local.time_since_epoch() - seconds(offset));
}

LocalTime Zone::local(Instant instant) const {
    const auto at = std::chrono::floor<seconds>(instant).time_since_epoch().count();
    return LocalTime(instant.time_since_epoch() + seconds(offset_at(at)));
}

Result<Instant, std::string> parse_time(std::string_view text, const Zone& zone) {
    const std::string form = "is not a time (YYYY-MM-DD HH:MM:SS, or ISO 8601 with an offset)";
    const bool shaped = text.size() >= 19 && text[4] == '-' && text[7] == '-' &&
                        (text[10] == ' ' || text[10] == 'T') && text[13] == ':' && text[16] == ':';
    if (!shaped) {
        return form;
    }
    const int year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    const int hour = number(text, 11, 2), minute = number(text, 14, 2),
              second = number(text, 17, 2);
    if (std::min({year, month, day, hour, minute, second}) < 0) {
        return form;
    }
    std::string_view rest = text.substr(19);
    microseconds fraction{0};
    if (!take_fraction(rest, fraction)) {
        return form;
    }

    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) {
        return std::string("is not a day of the calendar");
    }
    if (hour > 23 || minute > 59 || second > 59) {
        return std::string("is not a time of day");
    }
    const LocalTime local = std::chrono::local_days(date) + std::chrono::hours(hour) +
                            std::chrono::minutes(minute) + seconds(second) + fraction;
    if (rest.empty()) {
        return zone.instant(local);
    }
    const auto offset = offset_of(rest);
    if (!offset) {
        return form;
    }
    return Instant(local.time_since_epoch() - *offset);
}

Result<Instant, std::string> parse_utc_time(std::string_view text) {
    static const Zone utc = Zone::fixed(seconds(0));
    constexpr std::string_view kWord = " UTC";
    if (!text.ends_with(kWord)) {
        return parse_time(text, utc);
    }
    // As an offset, so that a time that has one already is refused.
    return parse_time(std::string(text.substr(0, text.size() - kWord.size())) + "Z", utc);
}

std::optional<std::chrono::year_month_day> parse_day(std::string_view text) {
    constexpr std::size_t kLength = 10;
    if (text.size() != kLength || text[4] != '-' || text[7] != '-') {
        return std::nullopt;
    }
    const int year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    if (std::min({year, month, day}) < 0) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    return date.ok() ? std::optional(date) : std::nullopt;
}

std::string write_day(std::chrono::year_month_day day) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return text.data();
}

std::string write_local_time(Instant instant, const Zone& zone) {
    const LocalTime local = zone.local(instant);
    const auto day = std::chrono::floor<days>(local);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<seconds>(local - day));
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02ld:%02ld:%02ld",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<long>(time.hours().count()),
                  static_cast<long>(time.minutes().count()),
                  static_cast<long>(time.seconds().count()));
    return text.data();
}

}  // namespace esteira::contracts

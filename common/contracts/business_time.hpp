#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

// When something happened in the business: an instant with the precision of PostgreSQL's
// timestamptz, and the zone in which a time without a zone is read.
namespace esteira::contracts {

using Instant = std::chrono::sys_time<std::chrono::microseconds>;
using LocalTime = std::chrono::local_time<std::chrono::microseconds>;

// The rules of one time zone, read once from the system's zone files (TZif, RFC 8536); the compiler
// has no std::chrono::tzdb, and localtime() would need the TZ of the whole process.
class Zone {
public:
    // `name` as in /usr/share/zoneinfo ("America/Sao_Paulo"). The error says what is wrong: unknown
    // name, unreadable file, or a file whose table ends before 2037 although the rules go on.
    static Result<Zone, std::string> load(const std::string& name);
    // Times are UTC plus this many seconds, always. For tests and fixed offsets.
    static Zone fixed(std::chrono::seconds offset);

    // A local time that a change of the clocks skipped or repeated is read as the later of its two
    // readings, which is what PostgreSQL's AT TIME ZONE does.
    Instant instant(LocalTime local) const;
    LocalTime local(Instant instant) const;

private:
    struct Change {
        std::int64_t at = 0;      // Seconds since the epoch.
        std::int64_t offset = 0;  // From then on, seconds east of UTC.
    };

    static Result<Zone, std::string> parse(std::string_view file);
    std::int64_t offset_at(std::int64_t seconds) const;

    std::int64_t first_offset_ = 0;  // Before the first change.
    std::vector<Change> changes_;
};

// `YYYY-MM-DD HH:MM:SS` in the zone, or the same with `Z` or `+HH:MM`, `-HHMM` as an instant; a `T`
// may stand for the space, and a fraction of 1..9 digits may follow the seconds, of which those
// beyond microseconds are cut off. No leap second, no hour 24. The error is a reason for people.
Result<Instant, std::string> parse_time(std::string_view text, const Zone& zone);

// The same from a source whose clock is UTC: a time without a zone is UTC, and may say so in a word
// at its end, as in `2019-10-01 00:00:00 UTC`.
Result<Instant, std::string> parse_utc_time(std::string_view text);

// `YYYY-MM-DD HH:MM:SS`, local; the fraction is cut off.
std::string write_local_time(Instant instant, const Zone& zone);

// `YYYY-MM-DD`, a day of the calendar; nothing for any other text.
std::optional<std::chrono::year_month_day> parse_day(std::string_view text);
// The same form. The year must have four digits.
std::string write_day(std::chrono::year_month_day day);

}  // namespace esteira::contracts

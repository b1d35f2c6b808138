#include "common/cli/checks.hpp"

#include <charconv>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "common/base/limits.hpp"
#include "common/base/text.hpp"

namespace esteira::cli {

namespace {

// All of the text as a number; a sign, a space or anything behind it makes it none.
template <class Number>
bool reads(const std::string& text, Number& number) {
    const char* const end = text.data() + text.size();
    const auto [rest, fault] = std::from_chars(text.data(), end, number);
    return fault == std::errc{} && rest == end;
}

std::string in_digits(double number) {
    char room[32];
    const auto [end, fault] =
        std::to_chars(std::begin(room), std::end(room), number, std::chars_format::fixed);
    return fault == std::errc{} ? std::string(std::begin(room), end) : std::to_string(number);
}

CLI::Validator made(std::function<std::string(std::string&)> check, const std::string& what) {
    return CLI::Validator(std::move(check), what);
}

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
    const std::string from = "from " + std::to_string(least);
    const std::string range =
        most == kWholeNumberMax ? from + " on" : from + " to " + std::to_string(most);
    return made(
        [least, most, range](const std::string& text) {
            std::uint64_t number = 0;
            const bool good = reads(text, number) && (text.size() == 1 || text.front() != '0') &&
                              number >= least && number <= most;
            return good ? std::string() : text + " is no whole number " + range;
        },
        range);
}

CLI::Validator decimal_number(double least, double most) {
    const std::string range = "from " + in_digits(least) + " to " + in_digits(most);
    return made(
        [least, most, range](const std::string& text) {
            double number = 0;
            const bool good = reads(text, number) && number >= least && number <= most;
            return good ? std::string() : text + " is no number " + range;
        },
        range);
}

CLI::Validator queue_name() {
    return made(
        [](const std::string& text) {
            return is_queue_name(text) ? std::string()
                                       : "\"" + text + "\" can be no name: it is 1 to " +
                                             std::to_string(limits::kQueueNameBytesMax) +
                                             " of A-Z a-z 0-9 _ -, and .fifo may stand at its end";
        },
        "");
}

CLI::Validator group_name() {
    return made(
        [](const std::string& text) {
            return text.size() <= limits::kGroupBytesMax && is_visible_ascii(text)
                       ? std::string()
                       : "\"" + text + "\" can be no group: it is 1 to " +
                             std::to_string(limits::kGroupBytesMax) + " visible ASCII characters";
        },
        "");
}

}  // namespace esteira::cli

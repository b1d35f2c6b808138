#include "broker/filters/decimal.hpp"

#include <algorithm>

namespace esteira::filters {

namespace {

// An exponent that is longer than any message stands for one of this size.
constexpr std::int64_t kExponentMax = 1'000'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool take_sign(std::string_view& text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    return negative;
}

std::string_view take_digits(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(digits.size());
    return digits;
}

// The rest after the digits: nothing, or an exponent.
std::optional<std::int64_t> exponent_of(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    if (text.front() != 'e' && text.front() != 'E') {
        return std::nullopt;
    }
    text.remove_prefix(1);
    const bool negative = take_sign(text);
    const std::string_view digits = take_digits(text);
    if (digits.empty() || !text.empty()) {
        return std::nullopt;
    }
    std::int64_t exponent = 0;
    for (const char digit : digits) {
        exponent = std::min(exponent * 10 + (digit - '0'), kExponentMax);
    }
    return negative ? -exponent : exponent;
}

}  // namespace

std::optional<Decimal> Decimal::read(std::string_view text) {
    Decimal number;
    number.negative_ = take_sign(text);
    const std::string_view whole = take_digits(text);
    std::string_view fraction;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        fraction = take_digits(text);
        if (fraction.empty()) {
            return std::nullopt;
        }
    }
    const auto exponent = exponent_of(text);
    if (whole.empty() || !exponent) {
        return std::nullopt;
    }
    number.digits_.append(whole).append(fraction);
    const std::size_t first = number.digits_.find_first_not_of('0');
    if (first == std::string::npos) {
        return Decimal{};
    }
    number.exponent_ =
        *exponent + static_cast<std::int64_t>(whole.size()) - static_cast<std::int64_t>(first);
    number.digits_.erase(0, first);
    number.digits_.erase(number.digits_.find_last_not_of('0') + 1);
    return number;
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
    const auto sign = [](const Decimal& d) { return d.digits_.empty() ? 0 : d.negative_ ? -1 : 1; };
    if (sign(*this) != sign(other) || sign(*this) == 0) {
        return sign(*this) <=> sign(other);
    }
    auto size = exponent_ <=> other.exponent_;
    if (size == 0) {
        // Behind the point, so they compare like words.
        size = digits_.compare(other.digits_) <=> 0;
    }
    return negative_ ? 0 <=> size : size;
}

}  // namespace esteira::filters

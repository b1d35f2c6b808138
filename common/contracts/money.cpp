#include "common/contracts/money.hpp"

#include <algorithm>

namespace esteira::contracts {
namespace {

constexpr std::size_t kWholeDigitsMax = 12;
constexpr std::int64_t kCentavos = 100;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::int64_t number_of(std::string_view digits) {
    std::int64_t number = 0;
    for (const char c : digits) {
        number = number * 10 + (c - '0');
    }
    return number;
}

}  // namespace

Result<Money, std::string> parse_money(std::string_view text) {
    const bool negative = text.starts_with('-');
    const std::string_view rest = text.substr(negative ? 1 : 0);
    const std::size_t point = rest.find('.');
    std::string_view whole = rest.substr(0, point);
    std::string_view decimals = point == std::string_view::npos ? "0" : rest.substr(point + 1);
    if (!all_digits(whole) || !all_digits(decimals)) {
        return std::string("is not an amount like 12.30");
    }
    whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
    if (whole.size() > kWholeDigitsMax) {
        return std::string("is not within -999999999999.99..999999999999.99");
    }
    const std::size_t last = decimals.find_last_not_of('0');
    decimals = decimals.substr(0, last == std::string_view::npos ? 0 : last + 1);
    if (decimals.size() > 2) {
        return std::string("has parts of a centavo");
    }
    std::int64_t centavos = number_of(whole) * kCentavos;
    centavos += number_of(decimals) * (decimals.size() == 1 ? 10 : 1);
    return Money{negative ? -centavos : centavos};
}

std::string write_money(Money amount) {
    // In unsigned, since the smallest number has no positive counterpart.
    const bool negative = amount.centavos < 0;
    const auto digits = static_cast<std::uint64_t>(amount.centavos);
    const std::uint64_t size = negative ? 0 - digits : digits;
    const std::string rest = std::to_string(size % kCentavos);
    return (negative ? "-" : "") + std::to_string(size / kCentavos) +
           (rest.size() == 1 ? ".0" : ".") + rest;
}

bool multiply(Money price, std::int64_t quantity, Money& product) {
    return !__builtin_mul_overflow(price.centavos, quantity, &product.centavos) &&
           product <= kMoneyMax && product.centavos >= -kMoneyMax.centavos;
}

}  // namespace esteira::contracts

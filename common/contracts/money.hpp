#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

// An amount of money in reais, exact to the centavo. It is never a binary floating-point number:
// 0.1 + 0.2 is 0.3 here.
namespace esteira::contracts {

struct Money {
    std::int64_t centavos = 0;

    auto operator<=>(const Money&) const = default;
    Money& operator+=(Money other) {
        centavos += other.centavos;
        return *this;
    }
};

inline constexpr Money kMoneyMax{
    99'999'999'999'999};  // 999,999,999,999.99: numeric(14,2) holds it.

// `12`, `12.3`, `12.30`, `-0.05`: digits with a point, as JSON writes numbers. More than two
// decimals are taken when the rest are zeros. An exponent, a comma or an amount beyond kMoneyMax
// (either side of zero) is refused; the error is for people and does not name the key.
Result<Money, std::string> parse_money(std::string_view text);

// "12.30", "-0.05": always two decimals.
std::string write_money(Money amount);

// What `quantity` pieces cost; false when that is beyond kMoneyMax. 0 <= quantity.
bool multiply(Money price, std::int64_t quantity, Money& product);

}  // namespace esteira::contracts

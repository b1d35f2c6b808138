#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// A decimal number as it is written, compared exactly: ids of 64 bits and cents are never rounded,
// as they would be in binary floating point.
namespace esteira::filters {

class Decimal {
public:
    // `-12`, `0.50`, `1e3`: digits with an optional sign, point and exponent. Nothing if it is
    // none.
    static std::optional<Decimal> read(std::string_view text);

    std::strong_ordering operator<=>(const Decimal& other) const;
    bool operator==(const Decimal& other) const = default;

private:
    bool negative_ = false;
    std::string digits_;         // Without zeros at either end; empty: the number is 0.
    std::int64_t exponent_ = 0;  // The number is 0.digits * 10^exponent.
};

}  // namespace esteira::filters

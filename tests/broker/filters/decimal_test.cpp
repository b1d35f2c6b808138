#include "broker/filters/decimal.hpp"

#include <gtest/gtest.h>

namespace esteira::filters {
namespace {

std::strong_ordering order(std::string_view a, std::string_view b) {
    return *Decimal::read(a) <=> *Decimal::read(b);
}

TEST(Decimal, EqualNumbersAreEqualHoweverTheyAreWritten) {
    for (const auto& [a, b] : {std::pair{"10", "10.0"},
                               {"1e3", "1000"},
                               {"0.50", "5E-1"},
                               {"-0", "0.000"},
                               {"+7", "007"},
                               {"120e-2", "1.2"},
                               {"0e999999999999999999999", "0"}}) {
        EXPECT_TRUE(order(a, b) == 0) << a << " " << b;
        EXPECT_EQ(Decimal::read(a), Decimal::read(b)) << a << " " << b;
    }
}

TEST(Decimal, NumbersAreOrderedExactlyWhereBinaryOnesAreRounded) {
    for (const auto& [a, b] : {std::pair{"9007199254740992", "9007199254740993"},
                               {"18446744073709551615", "18446744073709551616"},
                               {"0.1", "0.10000000000000000000000000001"},
                               {"9", "10"},
                               {"99.9", "100"},
                               {"-10", "-9"},
                               {"-0.001", "0"},
                               {"0", "1e-400"},
                               {"-1", "1"},
                               {"1e400", "1e401"},
                               {"-1e401", "-1e400"}}) {
        EXPECT_TRUE(order(a, b) < 0) << a << " " << b;
        EXPECT_TRUE(order(b, a) > 0) << a << " " << b;
        EXPECT_NE(Decimal::read(a), Decimal::read(b)) << a << " " << b;
    }
}

TEST(Decimal, WhatIsNoNumberIsNotRead) {
    for (const char* text : {"", "-", ".", "1.", ".5", "1e", "1e+", "0x10", "1 ", " 1", "1,5",
                             "--1", "1.2.3", "nan", "inf", "1e5x"}) {
        EXPECT_FALSE(Decimal::read(text)) << text;
    }
}

}  // namespace
}  // namespace esteira::filters

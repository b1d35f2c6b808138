#include "common/contracts/money.hpp"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace esteira::contracts {
namespace {

std::int64_t centavos(std::string_view text) {
    const auto amount = parse_money(text);
    EXPECT_TRUE(amount) << text << " " << (amount ? "" : amount.error());
    return amount ? amount.value().centavos : -1;
}

std::string error(std::string_view text) {
    const auto amount = parse_money(text);
    return amount ? "" : amount.error();
}

const std::string kForm = "is not an amount like 12.30";
const std::string kRange = "is not within -999999999999.99..999999999999.99";
const std::string kParts = "has parts of a centavo";

TEST(Money, IsReadFromDigitsWithAtMostOnePoint) {
    EXPECT_EQ(centavos("12"), 1200);
    EXPECT_EQ(centavos("12.3"), 1230);
    EXPECT_EQ(centavos("12.30"), 1230);
    EXPECT_EQ(centavos("12.03"), 1203);
    EXPECT_EQ(centavos("0.05"), 5);
    EXPECT_EQ(centavos("-0.05"), -5);
    EXPECT_EQ(centavos("-12.34"), -1234);
    EXPECT_EQ(centavos("0"), 0);
    EXPECT_EQ(centavos("-0.00"), 0);
}

TEST(Money, ZerosOnEitherEndChangeNothing) {
    EXPECT_EQ(centavos("12.30000000000000000000000"), 1230);
    EXPECT_EQ(centavos("12.000"), 1200);
    EXPECT_EQ(centavos("0000000000000000000000012.30"), 1230);
}

TEST(Money, IsExactWhereBinaryFractionsAreNot) {
    Money sum = parse_money("0.1").value();
    sum += parse_money("0.2").value();
    EXPECT_EQ(sum, parse_money("0.3").value());
    EXPECT_EQ(centavos("1.15"), 115);
    EXPECT_EQ(centavos("999999999999.99"), 99'999'999'999'999);
}

TEST(Money, PartsOfACentavoAreRefused) {
    EXPECT_EQ(error("12.345"), kParts);
    EXPECT_EQ(error("0.001"), kParts);
    EXPECT_EQ(error("12.300000000000000000000000001"), kParts);
    EXPECT_EQ(error("0.30000000000000004"), kParts);
}

TEST(Money, AmountsBeyondTheLargestAreRefusedOnBothSides) {
    EXPECT_EQ(centavos("999999999999.99"), kMoneyMax.centavos);
    EXPECT_EQ(centavos("-999999999999.99"), -kMoneyMax.centavos);
    EXPECT_EQ(error("1000000000000"), kRange);
    EXPECT_EQ(error("-1000000000000.00"), kRange);
    EXPECT_EQ(error(std::string(10'000, '9')), kRange);
}

TEST(Money, WhatIsNotPlainDigitsIsNoAmount) {
    for (const char* text :
         {"",      "-",    ".",         ".5",    "5.",       "+5",  "1e2",  "1E2",
          "1e400", "1,50", "1.234.567", " 1",    "1 ",       "--1", "1.-5", "R$ 5",
          "0x10",  "NaN",  "Infinity",  "1.5e0", "\xD9\xA1", "1\n"}) {
        EXPECT_EQ(error(text), kForm) << testing::PrintToString(text);
    }
    EXPECT_EQ(error(std::string_view("1\0", 2)), kForm);
}

TEST(Money, IsWrittenWithTwoDecimalsAndReadBack) {
    EXPECT_EQ(write_money({1230}), "12.30");
    EXPECT_EQ(write_money({1203}), "12.03");
    EXPECT_EQ(write_money({5}), "0.05");
    EXPECT_EQ(write_money({-5}), "-0.05");
    EXPECT_EQ(write_money({0}), "0.00");
    EXPECT_EQ(write_money({-1234}), "-12.34");
    EXPECT_EQ(write_money({std::numeric_limits<std::int64_t>::min()}), "-92233720368547758.08");
    for (const std::int64_t amount :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{10}, std::int64_t{99}, std::int64_t{100},
          std::int64_t{-101}, kMoneyMax.centavos, -kMoneyMax.centavos}) {
        EXPECT_EQ(centavos(write_money({amount})), amount);
    }
}

TEST(Money, APriceTimesAQuantityIsExactOrRefused) {
    Money product;
    EXPECT_TRUE(multiply({333}, 3, product));
    EXPECT_EQ(product, Money{999});
    EXPECT_TRUE(multiply({-333}, 3, product));
    EXPECT_EQ(product, Money{-999});
    EXPECT_TRUE(multiply({333}, 0, product));
    EXPECT_EQ(product, Money{0});
    EXPECT_TRUE(multiply(kMoneyMax, 1, product));
    EXPECT_EQ(product, kMoneyMax);
    EXPECT_TRUE(multiply({-kMoneyMax.centavos}, 1, product));
    EXPECT_FALSE(multiply({kMoneyMax.centavos / 2 + 1}, 2, product));
    EXPECT_FALSE(multiply({-(kMoneyMax.centavos / 2 + 1)}, 2, product));
    EXPECT_FALSE(multiply(kMoneyMax, std::numeric_limits<std::int64_t>::max(), product));
}

TEST(Money, IsOrderedByAmount) {
    EXPECT_LT(Money{-1}, Money{0});
    EXPECT_LT(Money{99}, Money{100});
    EXPECT_EQ(Money{100}, Money{100});
}

}  // namespace
}  // namespace esteira::contracts

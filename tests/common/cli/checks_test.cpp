#include "common/cli/checks.hpp"

#include <string>

#include <gtest/gtest.h>

namespace esteira::cli {
namespace {

// What is said of a text; nothing when it is good.
std::string said(const CLI::Validator& check, std::string text) { return check(text); }

TEST(Checks, AWholeNumberIsDigitsAndNothingElse) {
    for (const char* good : {"0", "7", "1000", "18446744073709551615"}) {
        EXPECT_EQ(said(whole_number(), good), "");
    }
    for (const char* bad : {"-1", "+1", "-0", " 1", "1 ", "", "1x", "x", "1.0", "1e3", "0x10",
                            "010", "18446744073709551616", "99999999999999999999999"}) {
        EXPECT_EQ(said(whole_number(), bad), bad + std::string(" is no whole number from 0 on"));
    }
    EXPECT_EQ(said(whole_number(1, 100), "100"), "");
    EXPECT_EQ(said(whole_number(1, 100), "0"), "0 is no whole number from 1 to 100");
    EXPECT_EQ(said(whole_number(1, 100), "101"), "101 is no whole number from 1 to 100");
}

TEST(Checks, ANumberIsWithinItsRangeAndNothingStandsBehindIt) {
    for (const char* good : {"0", "0.5", "1e3", "86400"}) {
        EXPECT_EQ(said(decimal_number(0, 86'400), good), "");
    }
    for (const char* bad : {"-1", "+1", "nan", "inf", "1e999", "1s", "", " 1", "86401"}) {
        EXPECT_EQ(said(decimal_number(0, 86'400), bad),
                  bad + std::string(" is no number from 0 to 86400"));
    }
    EXPECT_EQ(said(decimal_number(0.1, 1e9), "0"), "0 is no number from 0.1 to 1000000000");
}

TEST(Checks, ANameThatNoQueueCanHaveIsToldWhatANameIs) {
    const std::string what =
        " can be no name: it is 1 to 80 of A-Z a-z 0-9 _ -, and .fifo may stand at its end";
    for (const std::string& good :
         {std::string("stock"), std::string("a.fifo"), std::string(80, 'a')}) {
        EXPECT_EQ(said(queue_name(), good), "");
    }
    for (const std::string& bad : {std::string("a b"), std::string("\xc3\xa9"), std::string("a.b"),
                                   std::string(81, 'a'), std::string(), std::string(".fifo")}) {
        EXPECT_EQ(said(queue_name(), bad), "\"" + bad + "\"" + what);
    }
}

TEST(Checks, AGroupIsVisibleCharacters) {
    EXPECT_EQ(said(group_name(), std::string(128, 'g')), "");
    for (const std::string& bad : {std::string("g g"), std::string(), std::string(129, 'g')}) {
        EXPECT_EQ(said(group_name(), bad),
                  "\"" + bad + "\" can be no group: it is 1 to 128 visible ASCII characters");
    }
}

TEST(Checks, AnOptionThatIsRefusedKeepsTheCommandFromRunning) {
    std::uint64_t count = 7;
    CLI::App app{"Test program.", "esteira-test"};
    app.add_option("--count", count, "At most")->check(whole_number());
    EXPECT_THROW(app.parse("--count -1", false), CLI::ParseError);
    app.parse("--count 12", false);
    EXPECT_EQ(count, 12u);
}

}  // namespace
}  // namespace esteira::cli

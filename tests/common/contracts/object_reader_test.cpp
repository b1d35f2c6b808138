#include "common/contracts/object_reader.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/common/contracts/refusal.hpp"

namespace esteira::contracts {
namespace {

using Read = std::function<void(ObjectReader&)>;

// What is wrong with the one object of `body`, read like that; empty: nothing.
std::string reason(std::string_view body, const Read& read) {
    std::optional<std::string> reason;
    const auto failed = read_elements(body, [&](const JsonElement& element) {
        ObjectReader in(element);
        read(in);
        EXPECT_EQ(in.ok(), in.reason().empty());
        if (!in.ok()) {
            EXPECT_EQ(in.bad(element), (BadItem{std::string(element.text), in.reason()}));
        }
        reason = in.reason();
    });
    EXPECT_FALSE(failed) << *failed;
    return reason.value_or("not read");
}

// The same for the value of one key, `k`.
std::string with(std::string_view value, const Read& read) {
    return reason("{\"k\":" + std::string(value) + "}", read);
}

void nothing(ObjectReader&) {}

TEST(ObjectReader, RefusesWhatIsNoObject) {
    EXPECT_EQ(reason("{}", nothing), "");
    EXPECT_EQ(reason("[7]", nothing), "the item is a number; an object is expected");
    EXPECT_EQ(reason("[\"x\"]", nothing), "the item is a text; an object is expected");
    EXPECT_EQ(reason("[null]", nothing), "the item is null; an object is expected");
    EXPECT_EQ(reason("[[{}]]", nothing), "the item is an array; an object is expected");
}

TEST(ObjectReader, RefusesAFlawWhereverItLies) {
    EXPECT_EQ(reason(R"({"a":[{"b":"\ud83d"}]})", nothing), "a text holds half a surrogate pair");
    EXPECT_EQ(reason(R"({"a":"\u0000"})", nothing), "a text holds the character U+0000");
    EXPECT_EQ(reason(R"({"a":{"b":1,"\u0062":2}})", nothing), "a key stands twice in one object");
    EXPECT_EQ(reason("{\"a\":\"\xC3\"}", nothing), "a text is not valid UTF-8");
    EXPECT_EQ(reason(R"(["\ud83d"])", nothing), "a text holds half a surrogate pair");
}

TEST(ObjectReader, KeepsTheFirstFaultAndReadsNothingAfterIt) {
    std::string text = "before";
    std::int64_t number = -7;
    const std::string told = reason(R"({"a":1,"b":"x","c":2,"d":3})", [&](ObjectReader& in) {
        in.text("a", {1, 5}, text);
        in.text("b", {1, 5}, text);
        in.integer("c", {0, 9}, number);
        in.refuse("another fault");
        in.text("d", {1, 5}, text);
        in.objects("c", 0, 9, [](ObjectReader&) { ADD_FAILURE(); });
        in.object("c", [](ObjectReader&) { ADD_FAILURE(); });
    });
    EXPECT_EQ(told, "a is a number; a text is expected");
    EXPECT_EQ(text, "before");
    EXPECT_EQ(number, -7);
}

TEST(ObjectReader, TellsWhatIsGivenFromWhatIsNullOrMissing) {
    EXPECT_EQ(reason(R"({"a":null,"b":"","c":{"x": 1}})",
                     [](ObjectReader& in) {
                         EXPECT_FALSE(in.given("a"));
                         EXPECT_TRUE(in.given("b"));
                         EXPECT_FALSE(in.given("d"));
                         EXPECT_EQ(in.raw("a"), "null");
                         EXPECT_EQ(in.raw("c"), R"({"x": 1})");
                         EXPECT_EQ(in.raw("d"), "");
                     }),
              "");
}

TEST(ObjectReader, ATextHasCharactersWithinItsLimits) {
    std::string out;
    const auto read = [&](ObjectReader& in) { in.text("k", {1, 3}, out); };
    EXPECT_EQ(with(R"("a\u00e7\ud83d\ude00")", read), "");
    EXPECT_EQ(out, "aç😀");
    EXPECT_EQ(with(R"("abcd")", read), "k has 4 characters; at most 3 are stored");
    EXPECT_EQ(with(R"("")", read), "k is empty");
    EXPECT_EQ(with("null", read), "k is null; a text is expected");
    EXPECT_EQ(with("{}", read), "k is an object; a text is expected");
    EXPECT_EQ(reason(R"({"K":"x"})", read), "k is missing");
}

TEST(ObjectReader, AnOptionalTextMayBeNullOrMissingButNotOfAnotherKind) {
    std::string out = "as it was";
    const auto read = [&](ObjectReader& in) { in.optional_text("k", {0, 3}, out); };
    EXPECT_EQ(with("null", read), "");
    EXPECT_EQ(reason("{}", read), "");
    EXPECT_EQ(out, "as it was");
    EXPECT_EQ(with("5", read), "k is a number; a text is expected");
    EXPECT_EQ(with(R"("")", read), "");
    EXPECT_EQ(out, "");
}

TEST(ObjectReader, AnIntegerIsExactAndWithinItsRange) {
    std::int64_t out = 0;
    const Range all{std::numeric_limits<std::int64_t>::min(),
                    std::numeric_limits<std::int64_t>::max()};
    const auto any = [&](ObjectReader& in) { in.integer("k", all, out); };
    EXPECT_EQ(with("9223372036854775807", any), "");
    EXPECT_EQ(out, std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(with("-9223372036854775808", any), "");
    EXPECT_EQ(out, std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(with("9007199254740993", any), "");  // 2^53 + 1, which no double holds.
    EXPECT_EQ(out, 9007199254740993);
    EXPECT_EQ(with("9223372036854775808", any),
              "k 9223372036854775808 is not within -9223372036854775808..9223372036854775807");

    const auto few = [&](ObjectReader& in) { in.integer("k", {-2, 5}, out); };
    EXPECT_EQ(with("-2", few), "");
    EXPECT_EQ(with("5", few), "");
    EXPECT_EQ(with("-0", few), "");
    EXPECT_EQ(out, 0);
    EXPECT_EQ(with("6", few), "k 6 is not within -2..5");
    EXPECT_EQ(with("-3", few), "k -3 is not within -2..5");
    EXPECT_EQ(with(std::string(100, '9'), few),
              "k " + std::string(40, '9') + "... is not within -2..5");
}

TEST(ObjectReader, AnIntegerHasNoPointAndNoExponent) {
    std::int64_t out = 0;
    const auto read = [&](ObjectReader& in) { in.integer("k", {0, 9}, out); };
    for (const char* value : {"1.0", "1e0", "1E0", "1e400", "0.5"}) {
        EXPECT_EQ(with(value, read), "k " + std::string(value) + " is not written as an integer");
    }
    EXPECT_EQ(with(R"("5")", read), "k is a text; an integer is expected");
    EXPECT_EQ(with("true", read), "k is true; an integer is expected");
    EXPECT_EQ(with("null", read), "k is null; an integer is expected");
    EXPECT_EQ(reason("{}", read), "k is missing");
}

TEST(ObjectReader, AnIntegerMayBeATextWhereTheContractSaysSo) {
    std::int64_t out = 0;
    const auto read = [&](ObjectReader& in) {
        in.integer("k", {0, 9}, out, Written::as_number_or_text);
    };
    EXPECT_EQ(with(R"("5")", read), "");
    EXPECT_EQ(out, 5);
    EXPECT_EQ(with("6", read), "");
    EXPECT_EQ(out, 6);
    EXPECT_EQ(with(R"("10")", read), "k \"10\" is not within 0..9");
    for (const char* value : {"\"\"", "\"-\"", "\"+5\"", "\" 5\"", "\"5 \"", "\"5x\"", "\"0x5\"",
                              "\"5-\"", "\"1e0\"", "\"--5\"", "\"1.0\""}) {
        EXPECT_EQ(with(value, read), "k " + std::string(value) + " is not written as an integer");
    }
    EXPECT_EQ(with("[5]", read), "k is an array; an integer is expected");
}

TEST(ObjectReader, AnAmountIsANumberOrATextAndNotNegative) {
    Money out;
    const auto read = [&](ObjectReader& in) { in.amount("k", out); };
    EXPECT_EQ(with("12.3", read), "");
    EXPECT_EQ(out, Money{1230});
    EXPECT_EQ(with(R"("12.30")", read), "");
    EXPECT_EQ(with("-0.0", read), "");
    EXPECT_EQ(out, Money{0});
    EXPECT_EQ(with("-0.01", read), "k -0.01 is negative");
    EXPECT_EQ(with("0.001", read), "k 0.001 has parts of a centavo");
    EXPECT_EQ(with("1e2", read), "k 1e2 is not an amount like 12.30");
    EXPECT_EQ(with("1e400", read), "k 1e400 is not an amount like 12.30");
    EXPECT_EQ(with("1000000000000", read),
              "k 1000000000000 is not within -999999999999.99..999999999999.99");
    EXPECT_EQ(with(R"("1,50")", read), "k \"1,50\" is not an amount like 12.30");
    EXPECT_EQ(with(R"("")", read), "k \"\" is not an amount like 12.30");
    EXPECT_EQ(with("{}", read), "k is an object; an amount is expected");
    EXPECT_EQ(reason("{}", read), "k is missing");
}

TEST(ObjectReader, ATimeLiesBetweenTheYear2000AndADayFromNow) {
    BusinessTime out;
    const auto read = [&](ObjectReader& in) { in.time("k", kRules, out); };
    EXPECT_EQ(with(R"("2024-04-30 10:00:00")", read), "");
    EXPECT_EQ(out, (BusinessTime{"2024-04-30 10:00:00", at("2024-04-30T13:00:00Z")}));
    EXPECT_EQ(with(R"("2000-01-01T00:00:00Z")", read), "");
    EXPECT_EQ(with(R"("2024-05-02T00:00:00Z")", read), "");
    const std::string outside = " is not between 2000-01-01 and one day from now";
    for (const char* value : {"\"1999-12-31T23:59:59Z\"", "\"2024-05-02T00:00:00.000001Z\"",
                              "\"9999-12-31 00:00:00\"", "\"0000-01-01 00:00:00\""}) {
        EXPECT_EQ(with(value, read), "k " + std::string(value) + outside);
    }
    EXPECT_EQ(with(R"("2024-02-30 10:00:00")", read),
              "k \"2024-02-30 10:00:00\" is not a day of the calendar");
    EXPECT_EQ(with(R"("")", read), "k is empty");
    EXPECT_EQ(with("1714568400", read), "k is a number; a text is expected");
    EXPECT_EQ(with("\"" + std::string(65, '2') + "\"", read),
              "k has 65 characters; at most 64 are stored");
    EXPECT_EQ(reason("{}", read), "k is missing");
}

TEST(ObjectReader, ADayExistsAndLiesBetweenTheFirstAndToday) {
    // 02:59 UTC of May 1st is April 30th in the zone of the rules.
    const TimeRules rules{kZone, kNow + std::chrono::minutes(179)};
    const std::chrono::year_month_day first{std::chrono::year(1900) / 1 / 1};
    std::chrono::year_month_day out;
    const auto read = [&](ObjectReader& in) { in.date("k", {first}, rules, out); };
    EXPECT_EQ(with(R"("1990-12-31")", read), "");
    EXPECT_EQ(out, std::chrono::year(1990) / 12 / 31);
    EXPECT_EQ(with(R"("1900-01-01")", read), "");
    EXPECT_EQ(with(R"("2024-02-29")", read), "");
    EXPECT_EQ(with(R"("2024-04-30")", read), "");
    EXPECT_EQ(with(R"("2024-05-01")", read), "k \"2024-05-01\" is not between 1900 and today");
    EXPECT_EQ(with(R"("1899-12-31")", read), "k \"1899-12-31\" is not between 1900 and today");
    for (const char* value :
         {"\"2023-02-29\"", "\"1990-13-01\"", "\"1990-00-10\"", "\"1990-1-1\"", "\"31/12/1990\"",
          "\"1990-12-31 \"", "\"1990-12-31T00:00:00Z\"", "\"+990-12-31\"", "\"-000-12-31\"",
          "\"1990-12--1\"", "\"19x0-12-31\""}) {
        EXPECT_EQ(with(value, read), "k " + std::string(value) + " is not a day like 1990-12-31");
    }
    EXPECT_EQ(with("19901231", read), "k is a number; a text is expected");
    EXPECT_EQ(reason("{}", read), "k is missing");
}

TEST(ObjectReader, AWordIsOneOfThoseThatAreExpected) {
    constexpr std::string_view kWords[] = {"view", "cart"};
    std::size_t out = 9;
    const auto read = [&](ObjectReader& in) { in.word("k", kWords, out); };
    EXPECT_EQ(with(R"("cart")", read), "");
    EXPECT_EQ(out, 1u);
    EXPECT_EQ(with(R"("\u0076iew")", read), "");
    EXPECT_EQ(out, 0u);
    EXPECT_EQ(with(R"("View")", read), "k \"View\" is none of view, cart");
    EXPECT_EQ(with(R"("car")", read), "k \"car\" is none of view, cart");
    EXPECT_EQ(with("1", read), "k is a number; a text is expected");
    EXPECT_EQ(reason("{}", read), "k is missing");
}

TEST(ObjectReader, AFaultInsideAnObjectIsToldWithItsPlace) {
    std::int64_t out = 0;
    const auto read = [&](ObjectReader& in) {
        in.object("k", [&](ObjectReader& inner) {
            inner.object("deep", [&](ObjectReader& deep) { deep.integer("n", {0, 9}, out); });
        });
    };
    EXPECT_EQ(with(R"({"deep":{"n":5}})", read), "");
    EXPECT_EQ(out, 5);
    EXPECT_EQ(with(R"({"deep":{"n":10}})", read), "k: deep: n 10 is not within 0..9");
    EXPECT_EQ(with(R"({"deep":7})", read), "k: deep is a number; an object is expected");
    EXPECT_EQ(with("[{}]", read), "k is an array; an object is expected");
    EXPECT_EQ(with("null", read), "k is null; an object is expected");
    EXPECT_EQ(reason("{}", read), "k is missing");
}

TEST(ObjectReader, AFaultInsideAnArrayIsToldWithItsPlace) {
    std::vector<std::int64_t> out;
    const auto read = [&](ObjectReader& in) {
        out.clear();
        in.objects("k", 1, 3, [&](ObjectReader& inner) {
            inner.integer("n", {0, 9}, out.emplace_back());
        });
    };
    EXPECT_EQ(with(R"([{"n":1},{"n":2}])", read), "");
    EXPECT_EQ(out, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(with(R"([{"n":1},{"n":10},{}])", read), "k[1]: n 10 is not within 0..9");
    EXPECT_EQ(with(R"([{"n":1},7])", read), "k[1]: the item is a number; an object is expected");
    EXPECT_EQ(with("{}", read), "k is an object; an array of objects is expected");
    EXPECT_EQ(with("null", read), "k is null; an array of objects is expected");
    EXPECT_EQ(reason("{}", read), "k is missing");
}

TEST(ObjectReader, AnArrayHasAsManyObjectsAsAreExpected) {
    const auto read = [](ObjectReader& in) { in.objects("k", 1, 3, nothing); };
    EXPECT_EQ(with("[{},{},{}]", read), "");
    EXPECT_EQ(with("[]", read), "k has 0 elements; 1 to 3 are expected");
    EXPECT_EQ(with("[{},{},{},{}]", read), "k has 4 elements; 1 to 3 are expected");
}

TEST(ObjectReader, AReasonHoldsAtMost40BytesOfAValueCutBetweenCharacters) {
    std::size_t out = 0;
    std::string accents;
    for (int i = 0; i < 30; ++i) {
        accents += "ç";
    }
    constexpr std::string_view kWords[] = {"view"};
    EXPECT_EQ(with("\"" + accents + "\"", [&](ObjectReader& in) { in.word("k", kWords, out); }),
              "k \"" + accents.substr(0, 38) + "... is none of view");
}

struct Anything {
    std::string item;
};

TEST(ReadItems, ABodyHasNoMoreItemsThanGoodOnesCouldBe) {
    const auto items = [](std::size_t count) {
        std::string body = "[";
        for (std::size_t i = 0; i < count; ++i) {
            body += i % 2 == 0 ? "{}," : "7,";
        }
        body.back() = ']';
        return read_items<Anything>(body, [](ObjectReader&) { return Anything{}; });
    };
    ASSERT_TRUE(items(40'000));
    EXPECT_EQ(items(40'000).value().size(), 40'000u);
    EXPECT_EQ(items(40'000).value()[0].value().item, "{}");
    EXPECT_EQ(items(40'001).error(), "the body has 40001 items; at most 40000 are read");
    EXPECT_EQ(items(200'000).error(), "the body has 200000 items; at most 40000 are read");
}

}  // namespace
}  // namespace esteira::contracts

#include "common/contracts/json_scan.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace esteira::contracts {
namespace {

bool is_json(const std::string& text, JsonElement& element) {
    JsonScanner scanner(text);
    return scanner.scan(element) && scanner.at_end();
}

JsonFlaw flaw_of(const std::string& text) {
    JsonElement element;
    EXPECT_TRUE(is_json(text, element)) << text;
    return element.flaw;
}

TEST(JsonScan, HandsOutTheFieldsOfAnObjectAsWritten) {
    const std::string text = R"( {"a" : [1, {"b":2}] ,"c\n":"x\"y", "d":-1.5e3 } )";
    JsonScanner scanner(text);
    JsonElement element;
    ASSERT_TRUE(scanner.scan(element));
    EXPECT_EQ(element.text, R"({"a" : [1, {"b":2}] ,"c\n":"x\"y", "d":-1.5e3 })");
    ASSERT_EQ(element.fields.size(), 3u);
    EXPECT_EQ(element.fields[0].key, "a");
    EXPECT_EQ(element.fields[0].value, R"([1, {"b":2}])");
    EXPECT_EQ(element.fields[1].key, "c\n");
    EXPECT_EQ(json_text(element.fields[1].value), "x\"y");
    EXPECT_EQ(element.fields[2].value, "-1.5e3");
}

TEST(JsonScan, FindsKeysThatStandTwiceAtAnyDepthHoweverTheyAreWritten) {
    EXPECT_EQ(flaw_of(R"({"a":1,"b":2,"a":3})"), JsonFlaw::duplicate_key);
    EXPECT_EQ(flaw_of(R"({"a":1,"\u0061":2})"), JsonFlaw::duplicate_key);
    EXPECT_EQ(flaw_of(R"([{"x":{"a":1,"a":1}}])"), JsonFlaw::duplicate_key);
    EXPECT_EQ(flaw_of(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})"), JsonFlaw::none);
}

TEST(JsonScan, FindsADoubledKeyAmongThousands) {
    std::string text = "{";
    for (int i = 0; i < 5000; ++i) {
        text += "\"k" + std::to_string(i) + "\":0,";
    }
    EXPECT_EQ(flaw_of(text + "\"z\":0}"), JsonFlaw::none);
    EXPECT_EQ(flaw_of(text + "\"k1234\":0}"), JsonFlaw::duplicate_key);
}

TEST(JsonScan, ReportsTextThatPostgresqlCannotHold) {
    EXPECT_EQ(flaw_of(R"(["\u0000"])"), JsonFlaw::nul_character);
    EXPECT_EQ(flaw_of(R"(["\ud83d"])"), JsonFlaw::lone_surrogate);
    EXPECT_EQ(flaw_of(R"(["\ud83d\u0041"])"), JsonFlaw::lone_surrogate);
    EXPECT_EQ(flaw_of(R"(["\ude00"])"), JsonFlaw::lone_surrogate);
    EXPECT_EQ(flaw_of(R"(["\ud83d\ude00"])"), JsonFlaw::none);
    EXPECT_EQ(json_text(R"("\ud83d\ude00")"), "\U0001F600");
}

TEST(JsonScan, ReportsBytesThatAreNotUtf8) {
    for (const std::string bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                                  "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xC3", "\xE2\x82"}) {
        EXPECT_EQ(flaw_of("[\"" + bad + "\"]"), JsonFlaw::invalid_utf8)
            << testing::PrintToString(bad);
    }
    for (const std::string good :
         {"\xC3\xA7", "\xE2\x82\xAC", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_EQ(flaw_of("[\"" + good + "\"]"), JsonFlaw::none);
    }
}

TEST(JsonScan, CountsLevelsAndNeverRecurses) {
    const auto nested = [](std::size_t levels) {
        return std::string(levels, '[') + std::string(levels, ']');
    };
    EXPECT_EQ(flaw_of(nested(kJsonDepthMax)), JsonFlaw::none);
    EXPECT_EQ(flaw_of(nested(kJsonDepthMax + 1)), JsonFlaw::too_deep);
    EXPECT_EQ(flaw_of(nested(500'000)), JsonFlaw::too_deep);
}

TEST(JsonScan, SaysWhereItStoppedReading) {
    JsonElement element;
    JsonScanner scanner(R"({"a":1,)");
    EXPECT_FALSE(scanner.scan(element));
    EXPECT_EQ(scanner.error(), "byte 7: expected a key in quotes");
}

// What nlohmann::json takes is taken here without a flaw, and the other way round. (It also refuses
// numbers that a double cannot hold; the mutations make none.)
TEST(JsonScan, AgreesWithAnotherParserOnMutatedBodies) {
    const std::string seeds[] = {
        R"([{"a":"\u00e9\ud83d\ude00x","b":[1,-0.5,1e5,true,false,null],"c":{}}, [] , "ç€😀" ])",
        R"({"codigo_barra":"0789","qtd_estoque":10,"n":{"k":[{"z":""}]}})",
    };
    const std::string alphabet =
        "{}[]\",:\\u0123dDeE+-. tfn\n\x01\x80\xC3\xE2"
        "ab";
    std::mt19937_64 random(7);
    std::size_t taken = 0;
    for (int round = 0; round < 60'000; ++round) {
        std::string text = seeds[random() % std::size(seeds)];
        for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
            const std::size_t at = random() % text.size();
            const char letter = alphabet[random() % alphabet.size()];
            switch (random() % 3) {
                case 0:
                    text[at] = letter;
                    break;
                case 1:
                    text.insert(at, 1, letter);
                    break;
                default:
                    text.erase(at, 1);
            }
        }
        JsonElement element;
        const bool here = is_json(text, element);
        if (element.flaw == JsonFlaw::duplicate_key || element.flaw == JsonFlaw::nul_character) {
            continue;  // Fine with the other parser, and it may hide a later flaw.
        }
        ASSERT_EQ(here && element.flaw == JsonFlaw::none, nlohmann::json::accept(text))
            << text << " flaw " << describe(element.flaw);
        taken += here ? 1 : 0;
    }
    EXPECT_GT(taken, 1000u);
}

}  // namespace
}  // namespace esteira::contracts

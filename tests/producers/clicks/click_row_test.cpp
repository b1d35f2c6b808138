#include "producers/clicks/click_row.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace esteira::clicks {
namespace {

ClickRow good_row() {
    return {"2026-11-20 10:00:00 UTC",
            "view",
            "1004856",
            "2053013555631882655",
            "kitchen.kettle",
            "canoa",
            "130.76",
            "541312140",
            "72d76fde-8bb3-4e00-8c23-a032dfed738c",
            ""};
}

std::string fault_of(std::string_view ClickRow::*field, std::string_view value) {
    ClickRow row = good_row();
    row.*field = value;
    const auto click = click_of(row);
    return click ? "" : click.error();
}

TEST(ClickRow, BecomesAnObjectWithExactNumbers) {
    const auto click = click_of(good_row());
    ASSERT_TRUE(click);
    EXPECT_EQ(click.value().json,
              R"({"event_time":"2026-11-20 10:00:00 UTC","event_type":"view",)"
              R"("product_id":1004856,"category_id":2053013555631882655,)"
              R"("category_code":"kitchen.kettle","brand":"canoa","price":130.76,)"
              R"("user_id":541312140,"user_session":"72d76fde-8bb3-4e00-8c23-a032dfed738c"})");
    EXPECT_EQ(click.value().time,
              std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + std::chrono::hours(10));
}

TEST(ClickRow, WhatIsEmptyIsLeftOut) {
    ClickRow row = good_row();
    row.category_code = row.brand = row.user_session = "";
    EXPECT_EQ(click_of(row).value().json,
              R"({"event_time":"2026-11-20 10:00:00 UTC","event_type":"view",)"
              R"("product_id":1004856,"category_id":2053013555631882655,"price":130.76,)"
              R"("user_id":541312140})");
}

TEST(ClickRow, PricesKeepTheirCentsAndHaveTwoDecimalsAlways) {
    const auto price = [](std::string_view text) {
        ClickRow row = good_row();
        row.price = text;
        const auto click = click_of(row);
        const std::string json = click ? click.value().json : "," + click.error() + ",";
        const std::size_t at = json.find("\"price\":");
        return at == std::string::npos ? json : json.substr(at + 8, json.find(',', at) - at - 8);
    };
    EXPECT_EQ(price("33.2"), "33.20");
    EXPECT_EQ(price("0"), "0.00");
    EXPECT_EQ(price("0.07"), "0.07");
    EXPECT_EQ(price("1.15"), "1.15");
    EXPECT_EQ(price("999999999999.99"), "999999999999.99");
    for (const char* bad : {"abc", "", "-1", "-0.00", "1,50", "1.234", "1.000", "1e3", ".5", "5.",
                            " 1", "nan", "1000000000000"}) {
        EXPECT_NE(fault_of(&ClickRow::price, bad), "") << bad;
    }
    EXPECT_EQ(fault_of(&ClickRow::price, "abc"),
              "price 'abc' is not an amount like 12.30, of at most 999999999999.99");
}

TEST(ClickRow, IdsAreWholeNumbersOf63Bits) {
    for (const char* good : {"0", "9007199254740993", "9223372036854775807"}) {
        EXPECT_EQ(fault_of(&ClickRow::category_id, good), "") << good;
    }
    for (const char* bad : {"", "-1", "+1", "1.0", "01", "9223372036854775808", "1e3", " 1", "x"}) {
        for (const auto field :
             {&ClickRow::product_id, &ClickRow::category_id, &ClickRow::user_id}) {
            EXPECT_NE(fault_of(field, bad), "") << bad;
        }
    }
    EXPECT_EQ(fault_of(&ClickRow::user_id, ""), "user_id is missing");
}

TEST(ClickRow, TimesAreRealOnesFrom2000On) {
    for (const char* good : {"2000-01-01 00:00:00 UTC", "2024-02-29 23:59:59 UTC"}) {
        EXPECT_EQ(fault_of(&ClickRow::event_time, good), "") << good;
    }
    for (const char* bad :
         {"", "2026-11-20 10:00:00", "2026-11-20T10:00:00 UTC", "2026-11-20 10:00:00 BRT",
          "2025-02-29 00:00:00 UTC", "2026-13-01 00:00:00 UTC", "2026-00-10 00:00:00 UTC",
          "2026-11-20 24:00:00 UTC", "2026-11-20 10:60:00 UTC", "2026-11-20 10:00:60 UTC",
          "1999-12-31 23:59:59 UTC", "2026-11-2x 10:00:00 UTC", "2026-11-20 10:00:00 UTC "}) {
        EXPECT_NE(fault_of(&ClickRow::event_time, bad), "") << bad;
    }
}

TEST(ClickRow, TypesAreTheFiveThatThereAre) {
    for (const char* good : {"view", "cart", "remove_from_cart", "purchase"}) {
        EXPECT_EQ(fault_of(&ClickRow::event_type, good), "") << good;
    }
    for (const char* bad : {"", "View", "click", "views"}) {
        EXPECT_NE(fault_of(&ClickRow::event_type, bad), "") << bad;
    }
}

TEST(ClickRow, ASearchHasATextAndMayHaveNoProduct) {
    EXPECT_EQ(fault_of(&ClickRow::event_type, "search"), "search_text is missing");
    ClickRow row = good_row();
    row.event_type = "search";
    row.product_id = row.category_id = row.price = row.category_code = row.brand = "";
    row.search_text = "fogão \"4 bocas\"";
    ASSERT_TRUE(click_of(row));
    EXPECT_EQ(click_of(row).value().json,
              R"({"event_time":"2026-11-20 10:00:00 UTC","event_type":"search",)"
              R"("user_id":541312140,"user_session":"72d76fde-8bb3-4e00-8c23-a032dfed738c",)"
              R"("search_text":"fogão \"4 bocas\""})");
    row.product_id = "x";
    EXPECT_FALSE(click_of(row));
}

TEST(ClickRow, TextsAreUtf8OfBoundedLength) {
    const std::string longest = std::string(62, 'x') + "é€";
    EXPECT_EQ(fault_of(&ClickRow::user_session, longest), "");
    EXPECT_EQ(fault_of(&ClickRow::user_session, std::string(64, 'x')), "");
    EXPECT_NE(fault_of(&ClickRow::user_session, std::string(65, 'x')).find("64 characters"),
              std::string::npos);
    EXPECT_NE(fault_of(&ClickRow::brand, std::string(101, 'x')), "");
    EXPECT_NE(fault_of(&ClickRow::category_code, std::string(201, 'x')), "");
    for (const std::string_view bad :
         {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
        for (const auto field : {&ClickRow::brand, &ClickRow::category_code,
                                 &ClickRow::user_session, &ClickRow::search_text}) {
            EXPECT_NE(fault_of(field, bad).find("is not UTF-8"), std::string::npos);
        }
    }
    EXPECT_NE(fault_of(&ClickRow::brand, std::string_view("a\0b", 3)), "");
    EXPECT_NE(fault_of(&ClickRow::event_type, "\xff"), "");
}

TEST(ClickMessage, IsAnArrayWithTheTimeOfSendingAndSurvivesJson) {
    ClickRow row = good_row();
    const std::string brand = "a\"b\\c\n\td\x01 ção";
    row.brand = brand;
    const std::vector<Click> clicks(2, click_of(row).value());
    const auto now = std::chrono::sys_days(std::chrono::year(2026) / 2 / 3) +
                     std::chrono::hours(4) + std::chrono::milliseconds(5);
    const auto json = nlohmann::json::parse(click_message(clicks, now));
    ASSERT_EQ(json.size(), 2u);
    EXPECT_EQ(json[1]["brand"], brand);
    EXPECT_EQ(json[1]["category_id"], 2053013555631882655);
    EXPECT_EQ(json[1]["txn_timestamp"], "2026-02-03T04:00:00.005Z");
}

TEST(ClickCsv, IsQuotedWhereItNeedsIt) {
    ClickRow row = good_row();
    row.brand = "a,\"b\"";
    std::string text = click_csv_header(false);
    append_click_csv(row, false, text);
    EXPECT_EQ(text,
              "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,"
              "user_session\n2026-11-20 10:00:00 UTC,view,1004856,2053013555631882655,"
              "kitchen.kettle,\"a,\"\"b\"\"\",130.76,541312140,"
              "72d76fde-8bb3-4e00-8c23-a032dfed738c\n");
}

}  // namespace
}  // namespace esteira::clicks

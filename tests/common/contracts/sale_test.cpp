#include "common/contracts/sale.hpp"

#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/common/contracts/refusal.hpp"

namespace esteira::contracts {
namespace {

using Json = nlohmann::ordered_json;

Json sale() {
    return {{"id", 17},
            {"sale_date", "2023-06-30"},
            {"product_id", 101},
            {"customer_id", 1001},
            {"quantity", 3},
            {"unit_price", "10.50"},
            {"total_value", "31.50"},
            {"seller_id", 7},
            {"region", "Norte"}};
}

auto parse(std::string_view body) { return parse_sales(body, kRules); }

std::string reason(const std::string& item) { return refusal(parse, sale().dump(), item); }
std::string reason(const std::function<void(Json&)>& change) {
    Json item = sale();
    change(item);
    return reason(item.dump());
}
template <class Value>
std::string with(const char* key, const Value& value) {
    return reason([&](Json& it) { it[key] = value; });
}

Sale sale_of(const std::string& body) {
    const auto items = parse(body);
    if (!items || items.value().size() != 1 || !items.value()[0]) {
        ADD_FAILURE() << "no sale: " << body;
        return {};
    }
    return items.value()[0].value();
}

TEST(Sale, IsReadFromOneObjectOrAnArray) {
    const Sale read = sale_of(sale().dump());
    EXPECT_EQ(read.id, 17);
    EXPECT_EQ(read.sale_date, std::chrono::year(2023) / 6 / 30);
    EXPECT_EQ(read.product_id, 101);
    EXPECT_EQ(read.customer_id, 1001);
    EXPECT_EQ(read.quantity, 3);
    EXPECT_EQ(read.unit_price, Money{1050});
    EXPECT_EQ(read.total_value, Money{3150});
    EXPECT_EQ(read.seller_id, 7);
    EXPECT_EQ(read.region, "Norte");
    EXPECT_EQ(read.item, sale().dump());
    EXPECT_EQ(parse("[" + sale().dump() + "," + sale().dump() + "]").value().size(), 2u);
    EXPECT_EQ(parse("[]").value().size(), 0u);
    EXPECT_EQ(parse("[" + sale().dump()).error().substr(0, 21), "the body is not JSON:");
}

TEST(Sale, NothingMayBeMissingOrNull) {
    const Json all = sale();
    for (const auto& [key, value] : all.items()) {
        EXPECT_EQ(reason([&](Json& it) { it.erase(key); }), key + " is missing");
        EXPECT_TRUE(with(key.c_str(), nullptr).starts_with(key + " is null; a")) << key;
        EXPECT_TRUE(with(key.c_str(), Json::array()).starts_with(key + " is an array; a")) << key;
    }
}

TEST(Sale, IdsAreIntegersAboveZero) {
    for (const char* name : {"id", "product_id", "customer_id", "seller_id"}) {
        const std::string key = name;
        EXPECT_EQ(with(name, 1), "");
        EXPECT_EQ(with(name, 9223372036854775807), "");
        EXPECT_EQ(with(name, 0), key + " 0 is not within 1..9223372036854775807");
        EXPECT_EQ(with(name, -1), key + " -1 is not within 1..9223372036854775807");
        EXPECT_EQ(with(name, 9223372036854775808u),
                  key + " 9223372036854775808 is not within 1..9223372036854775807");
        EXPECT_EQ(with(name, 1.5), key + " 1.5 is not written as an integer");
        EXPECT_EQ(with(name, "1"), key + " is a text; an integer is expected");
    }
    EXPECT_EQ(reason(swapped(sale().dump(), ":17,", ":1e400,")),
              "id 1e400 is not written as an integer");
    EXPECT_EQ(sale_of(swapped(sale().dump(), ":17,", ":9007199254740993,")).id, 9007199254740993);
}

// Now is the evening of April 30th in the zone.
TEST(Sale, ADateIsADayFrom2000ToTomorrow) {
    const std::string outside = " is not between 2000 and tomorrow";
    EXPECT_EQ(with("sale_date", "2000-01-01"), "");
    EXPECT_EQ(with("sale_date", "1999-12-31"), "sale_date \"1999-12-31\"" + outside);
    EXPECT_EQ(with("sale_date", "2024-05-01"), "");
    EXPECT_EQ(with("sale_date", "2024-05-02"), "sale_date \"2024-05-02\"" + outside);
    for (const char* text : {"2023-02-29", "30/06/2023", "2023-6-30", "2023-06-30 10:00:00"}) {
        EXPECT_EQ(with("sale_date", text),
                  "sale_date \"" + std::string(text) + "\" is not a day like 1990-12-31");
    }
    EXPECT_EQ(with("sale_date", 20230630), "sale_date is a number; a text is expected");
    EXPECT_EQ(with("sale_date", ""), "sale_date is empty");
}

TEST(Sale, AQuantityLiesBetween1AndAMillion) {
    EXPECT_EQ(with("quantity", 0), "quantity 0 is not within 1..1000000");
    EXPECT_EQ(with("quantity", -3), "quantity -3 is not within 1..1000000");
    EXPECT_EQ(with("quantity", 1'000'001), "quantity 1000001 is not within 1..1000000");
    EXPECT_EQ(with("quantity", 3.5), "quantity 3.5 is not written as an integer");
    EXPECT_EQ(with("quantity", "3"), "quantity is a text; an integer is expected");
    EXPECT_EQ(reason([](Json& it) {
                  it["quantity"] = 1'000'000;
                  it["total_value"] = 10'500'000;
              }),
              "");
}

TEST(Sale, AmountsAreExactToTheCentavo) {
    for (const char* name : {"unit_price", "total_value"}) {
        const std::string key = name;
        EXPECT_EQ(with(name, "-1.00"), key + " \"-1.00\" is negative");
        EXPECT_EQ(with(name, "10.505"), key + " \"10.505\" has parts of a centavo");
        EXPECT_EQ(with(name, "1e1"), key + " \"1e1\" is not an amount like 12.30");
        EXPECT_EQ(with(name, "10,50"), key + " \"10,50\" is not an amount like 12.30");
        EXPECT_EQ(with(name, 1'000'000'000'000),
                  key + " 1000000000000 is not within -999999999999.99..999999999999.99");
        EXPECT_EQ(with(name, true), key + " is true; an amount is expected");
    }
    EXPECT_EQ(reason(swapped(sale().dump(), "\"10.50\"", "1e400")),
              "unit_price 1e400 is not an amount like 12.30");
    EXPECT_EQ(reason(swapped(sale().dump(), "\"31.50\"", "31.5")), "");
}

TEST(Sale, ATotalIsQuantityTimesUnitPriceWithBothFiguresTold) {
    EXPECT_EQ(with("total_value", "31.51"),
              "total_value 31.51 is not quantity times unit_price, 31.50");
    EXPECT_EQ(with("total_value", "31.49"),
              "total_value 31.49 is not quantity times unit_price, 31.50");
    EXPECT_EQ(with("quantity", 4), "total_value 31.50 is not quantity times unit_price, 42.00");
    EXPECT_EQ(with("unit_price", "999999999999.99"),
              "quantity times unit_price is more than 999999999999.99");
    EXPECT_EQ(reason([](Json& it) {
                  it["unit_price"] = 0;
                  it["total_value"] = 0;
              }),
              "");
}

TEST(Sale, ARegionIsATextOf1To64Characters) {
    EXPECT_EQ(with("region", letters(64)), "");
    EXPECT_EQ(with("region", letters(65)), "region has 65 characters; at most 64 are stored");
    EXPECT_EQ(with("region", ""), "region is empty");
    EXPECT_EQ(with("region", 1), "region is a number; a text is expected");
}

TEST(Sale, KeepsKeysThatItDoesNotKnow) {
    const std::string extended =
        R"({"x": [1e400, 99999999999999999999999], )" + sale().dump().substr(1);
    EXPECT_EQ(sale_of(extended).item, extended);
}

TEST(Sale, ABadTextOrStructureSpoilsOneSaleAlone) {
    const auto named = [](std::string_view name) {
        return reason(swapped(sale().dump(), "Norte", name));
    };
    EXPECT_EQ(named("\\ud83d"), "a text holds half a surrogate pair");
    EXPECT_EQ(named("\\u0000"), "a text holds the character U+0000");
    EXPECT_EQ(named("\xC3"), "a text is not valid UTF-8");
    EXPECT_EQ(named("x\",\"id\":17,\"x\":\"x"), "a key stands twice in one object");
    EXPECT_EQ(reason("[]"), "the item is an array; an object is expected");
}

TEST(Sale, IsWrittenWithItsKeysInOrderAndReadBack) {
    const Sale read = sale_of(sale().dump());
    const std::string written = write_sale(read);
    EXPECT_EQ(written, swapped(swapped(sale().dump(), "\"10.50\"", "10.50"), "\"31.50\"", "31.50"));
    Sale again = sale_of(written);
    again.item = read.item;
    EXPECT_EQ(again, read);
}

}  // namespace
}  // namespace esteira::contracts

#include "common/contracts/shop_event.hpp"

#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/common/contracts/refusal.hpp"

namespace esteira::contracts {
namespace {

using Json = nlohmann::ordered_json;
using Change = std::function<void(Json&)>;

Json view() {
    return {{"event_time", "2024-04-30 10:00:00 UTC"},
            {"event_type", "view"},
            {"product_id", 44600062},
            {"category_id", 2103807459595387724},
            {"category_code", "eletro.forno"},
            {"brand", "Três Irmãs"},
            {"price", "35.79"},
            {"user_id", 541312140},
            {"user_session", "00000000-0000-4000-8000-000000000001"}};
}

Json search() {
    return {{"event_time", "2024-04-30 10:00:00 UTC"},
            {"event_type", "search"},
            {"user_id", 541312140},
            {"search_text", "fogão 4 bocas"}};
}

auto parse(std::string_view body) { return parse_shop_events(body, kRules); }

std::string reason(const std::string& event) { return refusal(parse, view().dump(), event); }
std::string reason(Json event, const Change& change) {
    change(event);
    return reason(event.dump());
}
template <class Value>
std::string with(Json event, const char* key, const Value& value) {
    return reason(std::move(event), [&](Json& it) { it[key] = value; });
}
std::string without(Json event, const char* key) {
    return reason(std::move(event), [&](Json& it) { it.erase(key); });
}

ShopEvent event_of(const std::string& body) {
    const auto items = parse(body);
    if (!items || items.value().size() != 1 || !items.value()[0]) {
        ADD_FAILURE() << "no event: " << body;
        return {};
    }
    return items.value()[0].value();
}

// The reason for `view` with `value`, as written in JSON, for an id.
std::string user(const std::string& value) {
    return reason(swapped(view().dump(), "541312140", value));
}

TEST(ShopEvent, IsReadFromOneObjectOrAnArray) {
    const ShopEvent event = event_of(view().dump());
    EXPECT_EQ(event.event_time,
              (BusinessTime{"2024-04-30 10:00:00 UTC", at("2024-04-30T10:00:00Z")}));
    EXPECT_EQ(event.event_type, ShopEventType::view);
    EXPECT_EQ(event.product_id, 44600062);
    EXPECT_EQ(event.category_id, 2103807459595387724);
    EXPECT_EQ(event.category_code, "eletro.forno");
    EXPECT_EQ(event.brand, "Três Irmãs");
    EXPECT_EQ(event.price, Money{3579});
    EXPECT_EQ(event.user_id, 541312140);
    EXPECT_EQ(event.user_session, "00000000-0000-4000-8000-000000000001");
    EXPECT_EQ(event.search_text, "");
    EXPECT_FALSE(event.txn_timestamp);
    EXPECT_EQ(event.item, view().dump());
    EXPECT_EQ(parse("[" + view().dump() + " , " + search().dump() + "]").value().size(), 2u);
    EXPECT_EQ(parse("[]").value().size(), 0u);
    EXPECT_EQ(parse("7").error(),
              "the body is a number; an object or an array of objects is expected");
}

TEST(ShopEvent, EveryTypeHasItsWord) {
    const ShopEventType all[] = {ShopEventType::view, ShopEventType::cart,
                                 ShopEventType::remove_from_cart, ShopEventType::purchase};
    const char* words[] = {"view", "cart", "remove_from_cart", "purchase"};
    for (std::size_t i = 0; i < 4; ++i) {
        Json it = view();
        it["event_type"] = words[i];
        EXPECT_EQ(event_of(it.dump()).event_type, all[i]);
        EXPECT_EQ(to_string(all[i]), words[i]);
    }
    EXPECT_EQ(event_of(search().dump()).event_type, ShopEventType::search);
    EXPECT_EQ(with(view(), "event_type", "View"),
              "event_type \"View\" is none of view, cart, remove_from_cart, purchase, search");
    EXPECT_EQ(with(view(), "event_type", ""), "event_type is empty");
    EXPECT_EQ(with(view(), "event_type", 1), "event_type is a number; a text is expected");
    EXPECT_EQ(without(view(), "event_type"), "event_type is missing");
}

TEST(ShopEvent, ATimeWithoutAZoneIsUtcWhateverTheZoneOfTheRules) {
    for (const char* text :
         {"2024-04-30 10:00:00 UTC", "2024-04-30 10:00:00", "2024-04-30T10:00:00",
          "2024-04-30T10:00:00Z", "2024-04-30T07:00:00-03:00", "2024-04-30T10:00:00.000 UTC"}) {
        Json it = view();
        it["event_time"] = text;
        it["txn_timestamp"] = text;
        EXPECT_EQ(event_of(it.dump()).event_time, (BusinessTime{text, at("2024-04-30T10:00:00Z")}));
        EXPECT_EQ(event_of(it.dump()).txn_timestamp,
                  (BusinessTime{text, at("2024-04-30T10:00:00Z")}));
    }
}

TEST(ShopEvent, TimesThatCannotBeAreRefused) {
    const std::string form = " is not a time (YYYY-MM-DD HH:MM:SS, or ISO 8601 with an offset)";
    const std::string outside = " is not between 2000-01-01 and one day from now";
    for (const char* key : {"event_time", "txn_timestamp"}) {
        const auto timed = [&](const std::string& text) {
            const std::string told = std::string(key) + " \"" + text + "\"";
            const std::string why = with(view(), key, text);
            return why.starts_with(told) ? why.substr(told.size()) : why;
        };
        EXPECT_EQ(timed("2024-04-30 10:00:00 utc"), form);
        EXPECT_EQ(timed("2024-04-30 10:00:00UTC"), form);
        EXPECT_EQ(timed("2024-04-30 10:00:00 UTC UTC"), form);
        EXPECT_EQ(timed("2024-04-30T10:00:00Z UTC"), form);
        EXPECT_EQ(timed("2024-04-30T10:00:00-03:00 UTC"), form);
        EXPECT_EQ(timed(" UTC"), form);
        EXPECT_EQ(timed("2024-02-30 10:00:00 UTC"), " is not a day of the calendar");
        EXPECT_EQ(timed("2024-04-30 24:00:00 UTC"), " is not a time of day");
        EXPECT_EQ(timed("2000-01-01 00:00:00 UTC"), "");
        EXPECT_EQ(timed("1999-12-31 23:59:59 UTC"), outside);
        EXPECT_EQ(timed("2024-05-02 00:00:00 UTC"), "");
        EXPECT_EQ(timed("2024-05-02 00:00:01 UTC"), outside);
        EXPECT_EQ(with(view(), key, 1714568400),
                  std::string(key) + " is a number; a text is expected");
        EXPECT_EQ(with(view(), key, ""), std::string(key) + " is empty");
    }
    EXPECT_EQ(without(view(), "event_time"), "event_time is missing");
    EXPECT_EQ(with(view(), "event_time", nullptr), "event_time is null; a text is expected");
    EXPECT_EQ(with(view(), "txn_timestamp", nullptr), "");
}

TEST(ShopEvent, IdsAreExactBeyondWhatDoublesHold) {
    EXPECT_EQ(event_of(swapped(view().dump(), "541312140", "9223372036854775807")).user_id,
              9223372036854775807);
    EXPECT_EQ(event_of(swapped(view().dump(), "541312140", "\"9007199254740993\"")).user_id,
              9007199254740993);
    EXPECT_EQ(user("0"), "");
    EXPECT_EQ(user("\"0\""), "");
    EXPECT_EQ(user("-1"), "user_id -1 is not within 0..9223372036854775807");
    EXPECT_EQ(user("9223372036854775808"),
              "user_id 9223372036854775808 is not within 0..9223372036854775807");
    EXPECT_EQ(user("99999999999999999999999"),
              "user_id 99999999999999999999999 is not within 0..9223372036854775807");
    EXPECT_EQ(user("\"9223372036854775808\""),
              "user_id \"9223372036854775808\" is not within 0..9223372036854775807");
    for (const char* value : {"1.0", "1e3", "1e400", "\"\"", "\"1 \"", "\"1.0\"", "\"x\""}) {
        EXPECT_EQ(user(value), "user_id " + std::string(value) + " is not written as an integer");
    }
    EXPECT_EQ(user("true"), "user_id is true; an integer is expected");
}

TEST(ShopEvent, EveryTypeButASearchNamesAProductItsCategoryAndItsPrice) {
    for (const char* key : {"product_id", "category_id", "user_id"}) {
        EXPECT_EQ(without(view(), key), std::string(key) + " is missing");
        EXPECT_EQ(with(view(), key, nullptr),
                  std::string(key) + " is null; an integer is expected");
        EXPECT_EQ(with(view(), key, -1),
                  std::string(key) + " -1 is not within 0..9223372036854775807");
        EXPECT_EQ(with(view(), key, "17"), "");
    }
    EXPECT_EQ(without(view(), "price"), "price is missing");
    EXPECT_EQ(with(view(), "price", nullptr), "price is null; an amount is expected");
}

TEST(ShopEvent, ASearchNeedsItsTextAndItsUserAlone) {
    const ShopEvent event = event_of(search().dump());
    EXPECT_EQ(event.search_text, "fogão 4 bocas");
    EXPECT_FALSE(event.product_id);
    EXPECT_FALSE(event.category_id);
    EXPECT_FALSE(event.price);
    for (const char* key : {"product_id", "category_id", "price"}) {
        EXPECT_EQ(with(search(), key, nullptr), "");
        EXPECT_EQ(with(search(), key, 5), "");
        EXPECT_NE(with(search(), key, -5), "");
        EXPECT_NE(with(search(), key, "x"), "");
    }
    Json found = search();
    found["product_id"] = 5;
    EXPECT_EQ(event_of(found.dump()).product_id, 5);
    EXPECT_EQ(without(search(), "user_id"), "user_id is missing");
    EXPECT_EQ(without(search(), "search_text"), "search_text is missing");
    EXPECT_EQ(with(search(), "search_text", ""), "search_text is empty");
    EXPECT_EQ(with(search(), "search_text", 7), "search_text is a number; a text is expected");
    EXPECT_EQ(with(search(), "search_text", letters(500)), "");
    EXPECT_EQ(with(search(), "search_text", letters(501)),
              "search_text has 501 characters; at most 500 are stored");
    EXPECT_EQ(with(view(), "search_text", 7), "");  // A key like any other.
    EXPECT_EQ(event_of(swapped(view().dump(), "\"brand\"", "\"search_text\"")).search_text, "");
}

TEST(ShopEvent, APriceIsExactToTheCentavo) {
    const auto priced = [](const char* value) {
        return reason(swapped(view().dump(), "\"35.79\"", value));
    };
    EXPECT_EQ(priced("35.79"), "");
    EXPECT_EQ(priced("0"), "");
    EXPECT_EQ(priced("-0.01"), "price -0.01 is negative");
    EXPECT_EQ(priced("35.795"), "price 35.795 has parts of a centavo");
    EXPECT_EQ(priced("3e1"), "price 3e1 is not an amount like 12.30");
    EXPECT_EQ(priced("1e400"), "price 1e400 is not an amount like 12.30");
    EXPECT_EQ(priced("\"35,79\""), "price \"35,79\" is not an amount like 12.30");
    EXPECT_EQ(priced("\"\""), "price \"\" is not an amount like 12.30");
    EXPECT_EQ(priced("[]"), "price is an array; an amount is expected");
}

TEST(ShopEvent, AnOptionalTextMayBeMissingNullOrEmptyWhichMeansNone) {
    const struct {
        const char* key;
        std::size_t max;
        std::string ShopEvent::*field;
    } texts[] = {{"category_code", 200, &ShopEvent::category_code},
                 {"brand", 100, &ShopEvent::brand},
                 {"user_session", 64, &ShopEvent::user_session}};
    for (const auto& text : texts) {
        const std::string key = text.key;
        for (const Json& none : {Json(nullptr), Json("")}) {
            Json it = view();
            it[key] = none;
            EXPECT_EQ(event_of(it.dump()).*text.field, "");
        }
        EXPECT_EQ(without(view(), text.key), "");
        EXPECT_EQ(with(view(), text.key, 5), key + " is a number; a text is expected");
        EXPECT_EQ(with(view(), text.key, letters(text.max)), "");
        EXPECT_EQ(with(view(), text.key, letters(text.max + 1)),
                  key + " has " + std::to_string(text.max + 1) + " characters; at most " +
                      std::to_string(text.max) + " are stored");
    }
}

TEST(ShopEvent, KeepsKeysThatItDoesNotKnow) {
    const std::string extended =
        R"({"x": [1e400, 99999999999999999999999], )" + view().dump().substr(1);
    EXPECT_EQ(event_of(extended).item, extended);
}

TEST(ShopEvent, ABadTextOrStructureSpoilsOneEventAlone) {
    const auto named = [](std::string_view name) {
        return reason(swapped(view().dump(), "Três Irmãs", name));
    };
    EXPECT_EQ(named("\\ud83d"), "a text holds half a surrogate pair");
    EXPECT_EQ(named("\\u0000"), "a text holds the character U+0000");
    EXPECT_EQ(named("\xC3"), "a text is not valid UTF-8");
    EXPECT_EQ(named("x\",\"brand\":\"x"), "a key stands twice in one object");
    EXPECT_EQ(reason("7"), "the item is a number; an object is expected");
}

TEST(ShopEvent, IsWrittenWithItsKeysInOrderAndReadBack) {
    const auto back = [](const Json& json) {
        const ShopEvent event = event_of(json.dump());
        ShopEvent again = event_of(write_shop_event(event));
        EXPECT_EQ(again.item, write_shop_event(event));
        again.item = event.item;
        EXPECT_EQ(again, event);
        return write_shop_event(event);
    };
    Json full = view();
    full["txn_timestamp"] = "2024-04-30T12:00:00.123456Z";
    EXPECT_EQ(back(full), swapped(full.dump(), "\"35.79\"", "35.79"));
    EXPECT_EQ(back(search()), search().dump());
    Json bare = view();
    bare.erase("brand");
    bare["category_code"] = "";
    bare["user_session"] = nullptr;
    EXPECT_EQ(back(bare), R"({"event_time":"2024-04-30 10:00:00 UTC","event_type":"view",)"
                          R"("product_id":44600062,"category_id":2103807459595387724,)"
                          R"("price":35.79,"user_id":541312140})");
}

}  // namespace
}  // namespace esteira::contracts

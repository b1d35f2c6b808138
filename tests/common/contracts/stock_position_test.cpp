#include "common/contracts/stock_position.hpp"

#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace esteira::contracts {
namespace {

const Zone kZone = Zone::fixed(std::chrono::hours(-3));
const WallTime kNow = std::chrono::sys_days(std::chrono::year(2024) / 5 / 1);

std::vector<StockItem> items_of(std::string_view body) {
    const auto items = parse_stock_positions(body, kZone, kNow);
    EXPECT_TRUE(items) << (items ? "" : items.error());
    return items ? items.value() : std::vector<StockItem>{};
}

std::string body_reason(std::string_view body) {
    const auto items = parse_stock_positions(body, kZone, kNow);
    return items ? "" : items.error();
}

using Change = std::function<void(nlohmann::ordered_json&)>;

std::string item_with(const Change& change = [](auto&) {}) {
    nlohmann::ordered_json item = {{"codigo_barra", "0789"},
                                   {"nome_produto", "Feijão"},
                                   {"filial", "1001"},
                                   {"qtd_estoque", 10},
                                   {"data_atulizacao_posicao_estoque", "2024-04-30 10:00:00"}};
    change(item);
    return item.dump();
}

// Why this item is refused; its neighbours on both sides must be read all the same.
std::string reason(const std::string& item) {
    const auto items = items_of("[" + item_with() + "," + item + "," + item_with() + "]");
    if (items.size() != 3) {
        return "not three items";
    }
    EXPECT_TRUE(items[0]);
    EXPECT_TRUE(items[2]);
    if (items[1]) {
        return "";
    }
    EXPECT_EQ(items[1].error().item, item);
    return items[1].error().reason;
}

template <class Value>
std::string reason_with(const char* key, const Value& value) {
    return reason(item_with([&](auto& item) { item[key] = value; }));
}

TEST(StockPosition, IsReadFromOneObjectOrAnArray) {
    const auto single = items_of(item_with());
    ASSERT_EQ(single.size(), 1u);
    const StockPosition& position = single[0].value();
    EXPECT_EQ(position.codigo_barra, "0789");
    EXPECT_EQ(position.filial, "1001");
    EXPECT_EQ(position.nome_produto, "Feijão");
    EXPECT_EQ(position.qtd_estoque, 10);
    EXPECT_EQ(position.data_posicao, "2024-04-30 10:00:00");
    EXPECT_EQ(position.instante, parse_time("2024-04-30T13:00:00Z", kZone).value());
    EXPECT_EQ(position.item, item_with());
    EXPECT_EQ(items_of(" [ " + item_with() + " , " + item_with() + " ] ").size(), 2u);
    EXPECT_EQ(items_of("[]").size(), 0u);
}

TEST(StockPosition, KeepsKeysThatItDoesNotKnow) {
    const std::string item = R"({"x": [1e400, 99999999999999999999999], "codigo_barra":"1",)"
                             R"("nome_produto":"","filial":"1","qtd_estoque":0,)"
                             R"("data_atulizacao_posicao_estoque":"2024-04-30T10:00:00Z"})";
    const auto items = items_of(item);
    ASSERT_TRUE(items.at(0)) << items[0].error().reason;
    EXPECT_EQ(items[0].value().item, item);
}

TEST(StockPosition, TakesTheTimeUnderBothSpellings) {
    const char* right = "data_atualizacao_posicao_estoque";
    const char* misspelled = "data_atulizacao_posicao_estoque";
    EXPECT_EQ(reason(item_with([&](auto& item) {
                  item.erase(misspelled);
                  item[right] = "2024-04-30 10:00:00";
              })),
              "");
    EXPECT_EQ(reason_with(right, "2024-04-30 10:00:00"), "");
    EXPECT_EQ(reason_with(right, "2024-04-30 10:00:01"),
              "data_atulizacao_posicao_estoque and data_atualizacao_posicao_estoque are both there "
              "and differ");
    EXPECT_EQ(reason(item_with([&](auto& item) { item.erase(misspelled); })),
              "data_atulizacao_posicao_estoque is missing");
}

TEST(StockPosition, NamesTheKeyThatIsMissingOrOfTheWrongKind) {
    for (const char* key : {"codigo_barra", "filial", "nome_produto", "qtd_estoque"}) {
        EXPECT_EQ(reason(item_with([&](auto& item) { item.erase(key); })),
                  std::string(key) + " is missing");
    }
    EXPECT_EQ(reason_with("codigo_barra", 789), "codigo_barra is a number; a text is expected");
    EXPECT_EQ(reason_with("codigo_barra", ""), "codigo_barra is empty");
    EXPECT_EQ(reason_with("filial", nullptr), "filial is null; a text is expected");
    EXPECT_EQ(reason_with("nome_produto", nlohmann::json::array()),
              "nome_produto is an array; a text is expected");
    EXPECT_EQ(reason_with("qtd_estoque", "10"), "qtd_estoque is a text; an integer is expected");
    EXPECT_EQ(reason_with("qtd_estoque", true), "qtd_estoque is true; an integer is expected");
    EXPECT_EQ(reason_with("data_atulizacao_posicao_estoque", 1714568400),
              "data_atulizacao_posicao_estoque is a number; a text is expected");
    EXPECT_EQ(reason("7"), "the item is a number; an object is expected");
    EXPECT_EQ(reason("[]"), "the item is an array; an object is expected");
}

TEST(StockPosition, CountsCharactersNotBytes) {
    std::string accents;
    for (int i = 0; i < 64; ++i) {
        accents += "ç";
    }
    EXPECT_EQ(reason_with("filial", accents), "");
    EXPECT_EQ(reason_with("filial", accents + "ç"),
              "filial has 65 characters; at most 64 are stored");
}

TEST(StockPosition, HoldsQuantitiesExactlyWithinTheirRange) {
    EXPECT_EQ(reason_with("qtd_estoque", 0), "");
    EXPECT_EQ(reason_with("qtd_estoque", 2147483647), "");
    EXPECT_EQ(reason_with("qtd_estoque", 2147483648),
              "qtd_estoque 2147483648 is not within 0..2147483647");
    EXPECT_EQ(reason_with("qtd_estoque", -1), "qtd_estoque -1 is not within 0..2147483647");
    EXPECT_EQ(reason_with("qtd_estoque", 1.5), "qtd_estoque 1.5 is not written as an integer");
    const auto written = [](const std::string& number) {
        std::string item = item_with();
        return reason(item.replace(item.find(":10,") + 1, 2, number));
    };
    EXPECT_EQ(written("1e3"), "qtd_estoque 1e3 is not written as an integer");
    EXPECT_EQ(written("9999999999999999999999999"),
              "qtd_estoque 9999999999999999999999999 is not within 0..2147483647");
}

TEST(StockPosition, RefusesTimesThatCannotBe) {
    const char* key = "data_atulizacao_posicao_estoque";
    const std::string outside = " is not between 2000-01-01 and one day from now";
    EXPECT_EQ(reason_with(key, "2024-02-30 10:00:00"),
              std::string(key) + " \"2024-02-30 10:00:00\" is not a day of the calendar");
    EXPECT_EQ(reason_with(key, "2000-01-01T00:00:00Z"), "");
    EXPECT_EQ(reason_with(key, "1999-12-31T23:59:59Z"),
              std::string(key) + " \"1999-12-31T23:59:59Z\"" + outside);
    EXPECT_EQ(reason_with(key, "2024-05-02T00:00:00Z"), "");
    EXPECT_EQ(reason_with(key, "2024-05-02T00:00:00.000001Z"),
              std::string(key) + " \"2024-05-02T00:00:00.000001Z\"" + outside);
}

TEST(StockPosition, AnItemWithBadTextOrStructureDoesNotSpoilItsNeighbours) {
    const auto named = [](const std::string& name) {
        std::string item = item_with();
        return reason(item.replace(item.find("Feijão"), std::string("Feijão").size(), name));
    };
    EXPECT_EQ(named("\\u0000"), "a text holds the character U+0000");
    EXPECT_EQ(named("\xC3"), "a text is not valid UTF-8");
    EXPECT_EQ(named("\\ud83d"), "a text holds half a surrogate pair");
    EXPECT_EQ(named("x\",\"filial\":\"1"), "a key stands twice in one object");
    EXPECT_EQ(reason(std::string(10'000, '[') + std::string(10'000, ']')),
              "nested deeper than 32 levels");
}

TEST(StockPosition, ABodyThatCannotBeReadHasOneReason) {
    EXPECT_EQ(body_reason(""), "the body is not JSON: byte 0: expected a value");
    EXPECT_EQ(body_reason("hello"), "the body is not JSON: byte 0: expected a value");
    EXPECT_EQ(body_reason("[{}"), "the body is not JSON: byte 3: expected ',' or ']'");
    EXPECT_EQ(body_reason("{} {}"), "the body is not JSON: byte 3: expected nothing more");
    EXPECT_EQ(body_reason(std::string_view("{}\0", 3)),
              "the body is not JSON: byte 2: expected nothing more");
    EXPECT_EQ(body_reason("[NaN]"), "the body is not JSON: byte 1: expected a value");
    EXPECT_EQ(body_reason("[-Infinity]"), "the body is not JSON: byte 2: expected a digit");
    EXPECT_EQ(body_reason(std::string(10'000, '[')),
              "the body is not JSON: byte 10000: expected a value");
    EXPECT_EQ(body_reason("\"text\""),
              "the body is a text; an object or an array of objects is expected");
    EXPECT_EQ(body_reason("12"),
              "the body is a number; an object or an array of objects is expected");
}

TEST(StockPosition, ABodyOfOneMebibyteIsReadAndALargerOneIsNot) {
    std::string body = "[" + item_with();
    while (body.size() + item_with().size() + 2 <= (1 << 20)) {
        body += "," + item_with();
    }
    body += "]";
    const std::size_t items = items_of(body).size();
    EXPECT_GT(items, 5000u);
    body.append((1 << 20) - body.size(), ' ');
    EXPECT_EQ(items_of(body).size(), items);
    EXPECT_EQ(body_reason(body + " "), "the body has 1048577 bytes; at most 1048576 are read");
}

TEST(StockPosition, IsWrittenWithTheMisspelledKeyAndReadBack) {
    const StockPosition position = items_of(item_with()).at(0).value();
    EXPECT_EQ(write_stock_item(position), item_with());
    const auto again = items_of(write_stock_message({position, position}));
    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(again[1].value(), position);
}

}  // namespace
}  // namespace esteira::contracts

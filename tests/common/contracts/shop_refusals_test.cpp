#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/contracts/shop.hpp"
#include "tests/common/contracts/shop_samples.hpp"

// What is refused of what a shop says, and with which reason.
namespace esteira::contracts {
namespace {

struct TextKey {
    const char* key;
    std::size_t max;
};

// A text that must be there and may not be empty.
void expect_needed(const Json& entity, const TextKey& text) {
    const std::string key = text.key;
    EXPECT_EQ(without(entity, text.key), key + " is missing");
    EXPECT_EQ(with(entity, text.key, nullptr), key + " is null; a text is expected");
    EXPECT_EQ(with(entity, text.key, ""), key + " is empty");
    EXPECT_EQ(with(entity, text.key, 1), key + " is a number; a text is expected");
    EXPECT_EQ(with(entity, text.key, letters(text.max)), "");
    EXPECT_EQ(with(entity, text.key, letters(text.max + 1)),
              key + " has " + std::to_string(text.max + 1) + " characters; at most " +
                  std::to_string(text.max) + " are stored");
}

void expect_optional(const Json& entity, const TextKey& text) {
    const std::string key = text.key;
    EXPECT_EQ(with(entity, text.key, ""), "");
    EXPECT_EQ(with(entity, text.key, 1), key + " is a number; a text is expected");
    EXPECT_EQ(with(entity, text.key, Json::array()), key + " is an array; a text is expected");
    EXPECT_EQ(with(entity, text.key, letters(text.max)), "");
    EXPECT_EQ(with(entity, text.key, letters(text.max + 1)),
              key + " has " + std::to_string(text.max + 1) + " characters; at most " +
                  std::to_string(text.max) + " are stored");
}

TEST(ShopRefusals, EveryTextIsNamedWithWhatIsWrongWithIt) {
    expect_needed(customer(), {"nome", 200});
    expect_optional(customer(), {"email", 254});
    expect_optional(customer(), {"endereco", 500});
    expect_needed(product(), {"nome", 200});
    expect_optional(product(), {"descricao", 2000});
    expect_optional(product(), {"categoria", 100});
    Json alone = order();
    alone.erase("cliente");
    expect_needed(alone, {"cliente_id", 64});
    expect_needed(cart(), {"cliente_id", 64});
}

// A missing one makes it another kind of object: see TheFirstIdThatIsThereSaysWhatAnObjectIs.
TEST(ShopRefusals, AnIdIsATextOf1To64Characters) {
    const auto check = [](const Json& entity, const char* id) {
        const std::string key = id;
        EXPECT_EQ(with(entity, id, ""), key + " is empty");
        EXPECT_EQ(with(entity, id, 7), key + " is a number; a text is expected");
        EXPECT_EQ(with(entity, id, false), key + " is false; a text is expected");
        EXPECT_EQ(with(entity, id, letters(64)), "");
        EXPECT_EQ(with(entity, id, letters(65)), key + " has 65 characters; at most 64 are stored");
    };
    check(customer(), "cliente_id");
    check(product(), "produto_id");
    check(order(), "pedido_id");
    check(cart(), "carrinho_id");
}

TEST(ShopRefusals, EveryVersionHasATimeThatCanBe) {
    for (const Json& entity : {customer(), product(), order(), cart()}) {
        EXPECT_EQ(with(entity, "atualizado_em", 1714568400),
                  "atualizado_em is a number; a text is expected");
        EXPECT_EQ(with(entity, "atualizado_em", ""), "atualizado_em is empty");
        EXPECT_EQ(with(entity, "atualizado_em", "2024-02-30 10:00:00"),
                  "atualizado_em \"2024-02-30 10:00:00\" is not a day of the calendar");
        EXPECT_EQ(with(entity, "atualizado_em", "2024-05-02T00:00:00Z"), "");
        EXPECT_EQ(with(entity, "atualizado_em", "2024-05-02T00:00:01Z"),
                  "atualizado_em \"2024-05-02T00:00:01Z\" is not between 2000-01-01 and one day "
                  "from now");
        EXPECT_EQ(with(entity, "atualizado_em", "1999-12-31T23:59:59Z"),
                  "atualizado_em \"1999-12-31T23:59:59Z\" is not between 2000-01-01 and one day "
                  "from now");
    }
}

TEST(ShopRefusals, ABirthdayIsADayFrom1900ToToday) {
    const auto born = [](const auto& day) { return with(customer(), "data_nascimento", day); };
    EXPECT_EQ(born("1900-01-01"), "");
    EXPECT_EQ(born("2024-04-30"), "");  // It is still April in the zone.
    EXPECT_EQ(born("2024-05-01"), "data_nascimento \"2024-05-01\" is not between 1900 and today");
    EXPECT_EQ(born("1899-12-31"), "data_nascimento \"1899-12-31\" is not between 1900 and today");
    EXPECT_EQ(born("1990-02-30"), "data_nascimento \"1990-02-30\" is not a day like 1990-12-31");
    EXPECT_EQ(born("31/12/1990"), "data_nascimento \"31/12/1990\" is not a day like 1990-12-31");
    EXPECT_EQ(born(1990), "data_nascimento is a number; a text is expected");
    EXPECT_EQ(born(""), "data_nascimento is empty");
}

TEST(ShopRefusals, AProductHasAPriceThatCanBe) {
    const auto priced = [](const char* value) {
        return shop_reason(swapped(product().dump(), "\"12.30\"", value));
    };
    EXPECT_EQ(priced("999999999999.99"), "");
    EXPECT_EQ(priced("0"), "");
    EXPECT_EQ(priced("12.300"), "");
    EXPECT_EQ(priced("12.305"), "preco 12.305 has parts of a centavo");
    EXPECT_EQ(priced("-0.01"), "preco -0.01 is negative");
    EXPECT_EQ(priced("1e2"), "preco 1e2 is not an amount like 12.30");
    EXPECT_EQ(priced("1e400"), "preco 1e400 is not an amount like 12.30");
    EXPECT_EQ(priced("\"12,30\""), "preco \"12,30\" is not an amount like 12.30");
    EXPECT_EQ(priced("1000000000000"),
              "preco 1000000000000 is not within -999999999999.99..999999999999.99");
    EXPECT_EQ(priced("null"), "preco is null; an amount is expected");
    EXPECT_EQ(priced("true"), "preco is true; an amount is expected");
    EXPECT_EQ(without(product(), "preco"), "preco is missing");
}

TEST(ShopRefusals, AProductHasAStockThatCanBe) {
    const auto stocked = [](const std::string& value) {
        return shop_reason(swapped(product().dump(), ":5,", ":" + value + ","));
    };
    EXPECT_EQ(stocked("1000000000"), "");
    EXPECT_EQ(stocked("-1000000000"), "");
    EXPECT_EQ(stocked("1000000001"), "estoque 1000000001 is not within -1000000000..1000000000");
    EXPECT_EQ(stocked("-1000000001"), "estoque -1000000001 is not within -1000000000..1000000000");
    EXPECT_EQ(stocked("99999999999999999999999"),
              "estoque 99999999999999999999999 is not within -1000000000..1000000000");
    EXPECT_EQ(stocked("5.0"), "estoque 5.0 is not written as an integer");
    EXPECT_EQ(stocked("5e0"), "estoque 5e0 is not written as an integer");
    EXPECT_EQ(stocked("1e400"), "estoque 1e400 is not written as an integer");
    EXPECT_EQ(stocked("\"5\""), "estoque is a text; an integer is expected");
    EXPECT_EQ(without(product(), "estoque"), "estoque is missing");
}

TEST(ShopRefusals, AnOrderHasATimeAndAStatus) {
    EXPECT_EQ(without(order(), "data"), "data is missing");
    EXPECT_EQ(with(order(), "data", nullptr), "data is null; a text is expected");
    EXPECT_EQ(
        with(order(), "data", "2024-04-30"),
        "data \"2024-04-30\" is not a time (YYYY-MM-DD HH:MM:SS, or ISO 8601 with an offset)");
    EXPECT_EQ(with(order(), "data", "2024-05-03 00:00:00"),
              "data \"2024-05-03 00:00:00\" is not between 2000-01-01 and one day from now");
    EXPECT_EQ(without(order(), "status"), "status is missing");
    EXPECT_EQ(with(order(), "status", 1), "status is a number; a text is expected");
    EXPECT_EQ(with(order(), "status", "enviado"),
              "status \"enviado\" is none of Pendente, Enviado, Entregue, Cancelado");
}

TEST(ShopRefusals, AnOrdersTotalIsWhatItsLinesComeToWithBothFiguresTold) {
    EXPECT_EQ(with(order(), "total", "27.11"), "total 27.11 is not what its lines come to, 27.10");
    EXPECT_EQ(with(order(), "total", "27.1"), "");
    EXPECT_EQ(with(order(), "total", "27.101"), "total \"27.101\" has parts of a centavo");
    EXPECT_EQ(without(order(), "total"), "total is missing");
    EXPECT_EQ(without(cart(), "total"), "total is missing");
    EXPECT_EQ(shop_reason(order(), [](Json& it) { it["itens"][1]["quantidade"] = 2; }),
              "total 27.10 is not what its lines come to, 29.60");
}

TEST(ShopRefusals, LinesThatComeToMoreThanTheLargestAmountAreRefused) {
    const std::string most = "999999999999.99";
    EXPECT_EQ(shop_reason(order(), [&](Json& it) { it["itens"][0]["preco_unitario"] = most; }),
              "itens[0]: the lines come to more than 999999999999.99");
    EXPECT_EQ(shop_reason(cart(),
                          [&](Json& it) {
                              it["itens"][0]["quantidade"] = 1;
                              it["itens"][0]["preco_unitario"] = most;
                          }),
              "itens[1]: the lines come to more than 999999999999.99");
    EXPECT_EQ(shop_reason(order(),
                          [&](Json& it) {
                              it["itens"][0]["quantidade"] = 1;
                              it["itens"][0]["preco_unitario"] = "999999999997.49";
                              it["total"] = most;
                          }),
              "");
}

// The same for orders and carts.
TEST(ShopRefusals, AFaultInALineIsToldWithItsPlace) {
    for (const Json& entity : {order(), cart()}) {
        const auto second = [&](const char* key, const Json& value) {
            return shop_reason(entity, [&](Json& it) { it["itens"][1][key] = value; });
        };
        const auto lacking = [&](const char* key) {
            return shop_reason(entity, [&](Json& it) { it["itens"][1].erase(key); });
        };
        EXPECT_EQ(lacking("produto_id"), "itens[1]: produto_id is missing");
        EXPECT_EQ(lacking("quantidade"), "itens[1]: quantidade is missing");
        EXPECT_EQ(second("produto_id", ""), "itens[1]: produto_id is empty");
        EXPECT_EQ(second("produto_id", 5), "itens[1]: produto_id is a number; a text is expected");
        EXPECT_EQ(second("produto_id", letters(65)),
                  "itens[1]: produto_id has 65 characters; at most 64 are stored");
        EXPECT_EQ(second("quantidade", 0), "itens[1]: quantidade 0 is not within 1..1000000");
        EXPECT_EQ(second("quantidade", 1'000'001),
                  "itens[1]: quantidade 1000001 is not within 1..1000000");
        EXPECT_EQ(second("quantidade", 1.5),
                  "itens[1]: quantidade 1.5 is not written as an integer");
        EXPECT_EQ(second("quantidade", "1"),
                  "itens[1]: quantidade is a text; an integer is expected");
        EXPECT_EQ(second("preco_unitario", -1), "itens[1]: preco_unitario -1 is negative");
        EXPECT_EQ(second("preco_unitario", "x"),
                  "itens[1]: preco_unitario \"x\" is not an amount like 12.30");
        EXPECT_EQ(second("preco_unitario", Json::object()),
                  "itens[1]: preco_unitario is an object; an amount is expected");
        EXPECT_EQ(shop_reason(entity, [](Json& it) { it["itens"][1] = 7; }),
                  "itens[1]: the item is a number; an object is expected");
        EXPECT_EQ(with(entity, "itens", Json::object()),
                  "itens is an object; an array of objects is expected");
        EXPECT_EQ(with(entity, "itens", nullptr), "itens is null; an array of objects is expected");
        EXPECT_EQ(without(entity, "itens"), "itens is missing");
    }
    EXPECT_EQ(shop_reason(order(), [](Json& it) { it["itens"][0].erase("preco_unitario"); }),
              "itens[0]: preco_unitario is missing");
    EXPECT_EQ(shop_reason(order(), [](Json& it) { it["itens"][0]["item_id"] = letters(65); }),
              "itens[0]: item_id has 65 characters; at most 64 are stored");
}

TEST(ShopRefusals, AnOrderHas1To1000LinesAndACartNoneTo1000) {
    const auto lines = [](const Json& entity, std::size_t count) {
        return shop_reason(entity, [&](Json& it) {
            const Json line = it["itens"][1];
            it["itens"] = std::vector<Json>(count, line);
            it["total"] = write_money({static_cast<std::int64_t>(count) * 250});
        });
    };
    EXPECT_EQ(lines(order(), 1), "");
    EXPECT_EQ(lines(order(), 1000), "");
    EXPECT_EQ(lines(order(), 1001), "itens has 1001 elements; 1 to 1000 are expected");
    EXPECT_EQ(lines(order(), 0), "itens has 0 elements; 1 to 1000 are expected");
    EXPECT_EQ(lines(cart(), 0), "");
    EXPECT_EQ(lines(cart(), 1000), "");
    EXPECT_EQ(lines(cart(), 1001), "itens has 1001 elements; 0 to 1000 are expected");
}

TEST(ShopRefusals, AnEmbeddedCustomerIsTheOrdersOwnAndAsGoodAsAnyOther) {
    EXPECT_EQ(shop_reason(order(), [](Json& it) { it["cliente"]["cliente_id"] = "c-2"; }),
              "cliente: cliente_id is another one than the order's");
    EXPECT_EQ(shop_reason(order(), [](Json& it) { it["cliente"].erase("cliente_id"); }),
              "cliente: cliente_id is missing");
    EXPECT_EQ(shop_reason(order(), [](Json& it) { it["cliente"]["nome"] = ""; }),
              "cliente: nome is empty");
    EXPECT_EQ(
        shop_reason(order(), [](Json& it) { it["cliente"]["data_nascimento"] = "1990-13-01"; }),
        "cliente: data_nascimento \"1990-13-01\" is not a day like 1990-12-31");
    EXPECT_EQ(with(order(), "cliente", "c-1"), "cliente is a text; an object is expected");
    EXPECT_EQ(with(order(), "cliente", Json::array()),
              "cliente is an array; an object is expected");
}

TEST(ShopRefusals, ABadTextOrStructureAnywhereSpoilsOneItemAlone) {
    const auto spoiled = [](const Json& entity, std::string_view old, std::string_view instead) {
        return shop_reason(swapped(entity.dump(), old, instead));
    };
    EXPECT_EQ(spoiled(customer(), "azul", "\\ud83d"), "a text holds half a surrogate pair");
    EXPECT_EQ(spoiled(customer(), "azul", "\\u0000"), "a text holds the character U+0000");
    EXPECT_EQ(spoiled(product(), "Preto", "\xC3"), "a text is not valid UTF-8");
    EXPECT_EQ(spoiled(order(), "i-2", "\\udc00"), "a text holds half a surrogate pair");
    EXPECT_EQ(spoiled(order(), "i-2\"", "i-2\",\"item_id\":\"i-3\""),
              "a key stands twice in one object");
    EXPECT_EQ(spoiled(cart(), "k-1\"", "k-1\",\"carrinho\\u005fid\":\"k-1\""),
              "a key stands twice in one object");
    EXPECT_EQ(with(cart(), "x", Json::parse(std::string(40, '[') + std::string(40, ']'))),
              "nested deeper than 32 levels");
}

}  // namespace
}  // namespace esteira::contracts

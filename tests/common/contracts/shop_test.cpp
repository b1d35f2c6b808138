#include "common/contracts/shop.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/common/contracts/shop_samples.hpp"

// What a shop says and how it is understood; shop_refusals_test.cpp has what is refused.
namespace esteira::contracts {
namespace {

TEST(Shop, ACustomerIsRead) {
    const auto read = shop_entity<Customer>(customer().dump());
    EXPECT_EQ(read.cliente_id, "c-1");
    EXPECT_EQ(read.nome, "Ana Conceição");
    EXPECT_EQ(read.email, "ana@loja.example");
    EXPECT_EQ(read.endereco, "Rua A, 1\nSão Paulo");
    EXPECT_EQ(read.data_nascimento, std::chrono::year(1990) / 12 / 31);
    EXPECT_EQ(read.preferencias, R"({"cor":"azul"})");
    EXPECT_EQ(read.instante, at("2024-04-30T13:00:00Z"));
    EXPECT_EQ(read.item, customer().dump());
}

TEST(Shop, AProductIsRead) {
    const auto read = shop_entity<Product>(product().dump());
    EXPECT_EQ(read.produto_id, "p-1");
    EXPECT_EQ(read.nome, "Feijão");
    EXPECT_EQ(read.descricao, "Preto");
    EXPECT_EQ(read.categoria, "Grãos");
    EXPECT_EQ(read.preco, Money{1230});
    EXPECT_EQ(read.estoque, 5);
    EXPECT_EQ(read.instante, at("2024-04-30T13:00:00Z"));
    EXPECT_EQ(read.item, product().dump());
}

TEST(Shop, AnOrderIsReadWithItsLinesAndItsCustomer) {
    const auto read = shop_entity<Order>(order().dump());
    EXPECT_EQ(read.pedido_id, "o-1");
    EXPECT_EQ(read.cliente_id, "c-1");
    EXPECT_EQ(read.data, (BusinessTime{"2024-04-30 09:00:00", at("2024-04-30T12:00:00Z")}));
    EXPECT_EQ(read.status, OrderStatus::enviado);
    EXPECT_EQ(read.total, Money{2710});
    ASSERT_EQ(read.itens.size(), 2u);
    EXPECT_EQ(read.itens[0].item_id, "i-1");
    EXPECT_EQ(read.itens[0].produto_id, "p-1");
    EXPECT_EQ(read.itens[0].quantidade, 2);
    EXPECT_EQ(read.itens[0].preco_unitario, Money{1230});
    EXPECT_EQ(read.itens[1].item_id, "i-2");
    ASSERT_TRUE(read.cliente);
    EXPECT_EQ(read.cliente->nome, "Ana Conceição");
    EXPECT_EQ(read.cliente->item, customer().dump());
    EXPECT_EQ(read.instante, at("2024-04-30T13:00:00Z"));
    EXPECT_EQ(read.item, order().dump());
}

TEST(Shop, ACartIsReadWithItsLines) {
    const auto read = shop_entity<Cart>(cart().dump());
    EXPECT_EQ(read.carrinho_id, "k-1");
    EXPECT_EQ(read.cliente_id, "c-1");
    ASSERT_EQ(read.itens.size(), 2u);
    EXPECT_EQ(read.itens[1].produto_id, "p-2");
    EXPECT_EQ(read.itens[1].quantidade, 1);
    EXPECT_EQ(read.itens[1].preco_unitario, Money{250});
    EXPECT_EQ(read.total, Money{2710});
    EXPECT_EQ(read.instante, at("2024-04-30T13:00:00Z"));
    EXPECT_EQ(read.item, cart().dump());
}

TEST(Shop, ABodyIsOneObjectOrAnArrayMixedAsOneLikes) {
    const auto count = [](const std::string& body) {
        const auto items = parse_shop_now(body);
        return items ? items.value().size() : 99;
    };
    EXPECT_EQ(count(order().dump()), 1u);
    EXPECT_EQ(count("[]"), 0u);
    const std::string mixed = "[" + cart().dump() + ",7," + product().dump() + " , " +
                              order().dump() + "," + customer().dump() + "]";
    const auto items = parse_shop_now(mixed);
    ASSERT_TRUE(items) << items.error();
    ASSERT_EQ(items.value().size(), 5u);
    EXPECT_TRUE(std::holds_alternative<Cart>(items.value()[0].value()));
    EXPECT_EQ(items.value()[1].error(),
              (BadItem{"7", "the item is a number; an object is expected"}));
    EXPECT_TRUE(std::holds_alternative<Product>(items.value()[2].value()));
    EXPECT_TRUE(std::holds_alternative<Order>(items.value()[3].value()));
    EXPECT_TRUE(std::holds_alternative<Customer>(items.value()[4].value()));
}

TEST(Shop, ABodyThatCannotBeReadHasOneReason) {
    EXPECT_EQ(parse_shop_now("[" + order().dump()).error().substr(0, 26),
              "the body is not JSON: byte");
    EXPECT_EQ(parse_shop_now("12").error(),
              "the body is a number; an object or an array of objects is expected");
    EXPECT_EQ(parse_shop_now(std::string((1 << 20) + 1, ' ')).error(),
              "the body has 1048577 bytes; at most 1048576 are read");
}

// In the order carrinho_id, pedido_id, produto_id, cliente_id; a null one is not there.
TEST(Shop, TheFirstIdThatIsThereSaysWhatAnObjectIs) {
    const Json nulls = {{"carrinho_id", nullptr}, {"pedido_id", nullptr}, {"produto_id", nullptr}};
    const auto after_nulls = [&](const Json& entity) {
        Json all = nulls;
        all.update(entity);
        return all.dump();
    };
    shop_entity<Customer>(after_nulls(customer()));
    shop_entity<Product>(after_nulls(product()));
    shop_entity<Order>(after_nulls(order()));
    Json all = order();
    all["produto_id"] = "p-1";
    shop_entity<Order>(all.dump());
    all.update(cart());
    shop_entity<Cart>(all.dump());
    Json sold = product();
    sold["cliente_id"] = "c-1";
    shop_entity<Product>(sold.dump());
}

TEST(Shop, WhatHasNoIdIsRefused) {
    const std::string none = "none of cliente_id, produto_id, pedido_id, carrinho_id is there";
    EXPECT_EQ(shop_reason("{}"), none);
    EXPECT_EQ(shop_reason(R"({"cliente_id":null,"nome":"Ana"})"), none);
    EXPECT_EQ(shop_reason(R"({"Cliente_id":"c-1","nome":"Ana"})"), none);
}

TEST(Shop, KeysThatItDoesNotKnowAreKeptAsReceived) {
    const auto extended = [](const Json& entity) {
        const std::string text = entity.dump();
        return R"({"x": [1e400, 99999999999999999999999, {"y":null}], )" + text.substr(1);
    };
    EXPECT_EQ(shop_entity<Customer>(extended(customer())).item, extended(customer()));
    EXPECT_EQ(shop_entity<Product>(extended(product())).item, extended(product()));
    EXPECT_EQ(shop_entity<Order>(extended(order())).item, extended(order()));
    EXPECT_EQ(shop_entity<Cart>(extended(cart())).item, extended(cart()));
}

TEST(Shop, WhatIsOptionalMayBeMissingOrNull) {
    const auto both = [](const Json& entity, std::initializer_list<const char*> keys) {
        for (const char* key : keys) {
            EXPECT_EQ(without(entity, key), "") << key;
            EXPECT_EQ(with(entity, key, nullptr), "") << key;
        }
    };
    both(customer(), {"email", "endereco", "data_nascimento", "preferencias", "atualizado_em"});
    both(product(), {"descricao", "categoria", "atualizado_em"});
    both(order(), {"cliente", "atualizado_em"});
    both(cart(), {"atualizado_em"});
    const auto bare = shop_entity<Customer>(R"({"cliente_id":"c-1","nome":"Ana"})");
    EXPECT_FALSE(bare.data_nascimento);
    EXPECT_EQ(bare.email + bare.endereco + bare.preferencias, "");
    EXPECT_FALSE(shop_entity<Order>(swapped(order().dump(), "\"cliente\"", "\"x\"")).cliente);
    EXPECT_EQ(shop_reason(order(), [](Json& it) { it["itens"][0].erase("item_id"); }), "");
    EXPECT_EQ(shop_reason(order(), [](Json& it) { it["itens"][0]["item_id"] = nullptr; }), "");
}

TEST(Shop, AVersionIsDatedByItselfElseByTheOrderElseByTheMessage) {
    const auto undated = [](Json entity) {
        entity.erase("atualizado_em");
        return entity.dump();
    };
    const Instant sent = kSent;
    EXPECT_EQ(shop_entity<Customer>(undated(customer())).instante, sent);
    EXPECT_EQ(shop_entity<Product>(undated(product())).instante, sent);
    EXPECT_EQ(shop_entity<Cart>(undated(cart())).instante, sent);
    EXPECT_EQ(shop_entity<Order>(undated(order())).instante, at("2024-04-30T12:00:00Z"));
    EXPECT_EQ(shop_entity<Order>(undated(order())).cliente->instante, at("2024-04-30T13:00:00Z"));
    Json embedded = order();
    embedded["cliente"].erase("atualizado_em");
    EXPECT_EQ(shop_entity<Order>(embedded.dump()).cliente->instante, at("2024-04-30T13:00:00Z"));
    embedded.erase("atualizado_em");
    EXPECT_EQ(shop_entity<Order>(embedded.dump()).cliente->instante, at("2024-04-30T12:00:00Z"));
}

TEST(Shop, EveryStatusHasItsWord) {
    const OrderStatus all[] = {OrderStatus::pendente, OrderStatus::enviado, OrderStatus::entregue,
                               OrderStatus::cancelado};
    const char* words[] = {"Pendente", "Enviado", "Entregue", "Cancelado"};
    for (std::size_t i = 0; i < 4; ++i) {
        Json it = order();
        it["status"] = words[i];
        EXPECT_EQ(shop_entity<Order>(it.dump()).status, all[i]);
        EXPECT_EQ(to_string(all[i]), words[i]);
    }
}

TEST(Shop, AmountsMayBeNumbers) {
    const std::string text = R"({"pedido_id":"o-1","cliente_id":"c-1","status":"Pendente",)"
                             R"("data":"2024-04-30 09:00:00","total":0.30,"itens":[)"
                             R"({"produto_id":"p","quantidade":1,"preco_unitario":0.1},)"
                             R"({"produto_id":"p","quantidade":1,"preco_unitario":0.20}]})";
    EXPECT_EQ(shop_entity<Order>(text).total, Money{30});  // Which 0.1 + 0.2 is not in binary.
}

TEST(Shop, ACartsTotalIsOnlyKnownWhenAllItsPricesAre) {
    EXPECT_EQ(with(cart(), "total", "27.11"), "total 27.11 is not what its lines come to, 27.10");
    EXPECT_EQ(shop_reason(cart(),
                          [](Json& it) {
                              it["itens"][1].erase("preco_unitario");
                              it["total"] = "99.99";
                          }),
              "");
    const auto read = shop_entity<Cart>(swapped(cart().dump(), "\"2.50\"", "null"));
    EXPECT_FALSE(read.itens.at(1).preco_unitario);
    EXPECT_EQ(shop_reason(cart(),
                          [](Json& it) {
                              it["itens"] = Json::array();
                              it["total"] = 0;
                          }),
              "");
    EXPECT_EQ(with(cart(), "itens", Json::array()),
              "total 27.10 is not what its lines come to, 0.00");
}

TEST(Shop, IsWrittenWithItsKeysInOrderAndReadBack) {
    const auto plain = [](const Json& entity) {  // Amounts are written as numbers.
        std::string text = entity.dump();
        for (const char* amount : {"12.30", "2.50", "27.10"}) {
            for (std::size_t place = 0;
                 (place = text.find("\"" + std::string(amount) + "\"")) != std::string::npos;) {
                text.replace(place, std::string(amount).size() + 2, amount);
            }
        }
        return text;
    };
    const char* time = "2024-04-30 10:00:00";
    EXPECT_EQ(write_customer(shop_entity<Customer>(customer().dump()), time), plain(customer()));
    EXPECT_EQ(write_product(shop_entity<Product>(product().dump()), time), plain(product()));
    EXPECT_EQ(write_cart(shop_entity<Cart>(cart().dump()), time), plain(cart()));
    Json undated = order();  // An embedded customer is written without its time.
    undated["cliente"].erase("atualizado_em");
    EXPECT_EQ(write_order(shop_entity<Order>(order().dump()), time), plain(undated));
    EXPECT_EQ(write_order_lines(shop_entity<Order>(order().dump()).itens), plain(order()["itens"]));
    // And what was written says the same again.
    const auto again = shop_entity<Order>(plain(undated));
    EXPECT_EQ(write_order(again, time), plain(undated));
    EXPECT_EQ(again.total, Money{2710});
}

TEST(Shop, WhatIsEmptyIsNotWritten) {
    EXPECT_EQ(write_customer(shop_entity<Customer>(R"({"cliente_id":"c-1","nome":"Ana"})")),
              R"({"cliente_id":"c-1","nome":"Ana"})");
    const std::string bare = R"({"produto_id":"p-1","nome":"x","preco":0.05,"estoque":-3})";
    EXPECT_EQ(write_product(shop_entity<Product>(bare)), bare);
    const std::string unpriced = R"({"carrinho_id":"k","cliente_id":"c","itens":[)"
                                 R"({"produto_id":"p","quantidade":1}],"total":7.00})";
    EXPECT_EQ(write_cart(shop_entity<Cart>(unpriced)), unpriced);
    EXPECT_EQ(write_order_lines({}), "[]");
    Customer young = shop_entity<Customer>(customer().dump());
    young.data_nascimento = std::chrono::year(2001) / 2 / 3;
    EXPECT_NE(write_customer(young).find(R"("data_nascimento":"2001-02-03")"), std::string::npos);
}

}  // namespace
}  // namespace esteira::contracts

#include "workers/order_ingest/store.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/shop/shop_reader.hpp"
#include "tests/support/private_postgres.hpp"
#include "workers/db/migrator.hpp"

namespace esteira::order_ingest {
namespace {

using contracts::Cart;
using contracts::Customer;
using contracts::Instant;
using contracts::Money;
using contracts::Order;
using contracts::OrderStatus;
using contracts::Product;
using nlohmann::json;

Instant at(int minute) {
    return std::chrono::sys_days(std::chrono::year(2024) / 5 / 1) + std::chrono::minutes(minute);
}

Customer customer(const std::string& id, const std::string& name, int minute) {
    Customer made;
    made.cliente_id = id;
    made.nome = name;
    made.instante = at(minute);
    made.item = contracts::write_customer(made);
    return made;
}

Product product(const std::string& id, std::int64_t stock, int minute) {
    Product made;
    made.produto_id = id;
    made.nome = "Produto " + id;
    made.preco = Money{1000};
    made.estoque = stock;
    made.instante = at(minute);
    made.item = contracts::write_product(made);
    return made;
}

// Made at `minute`; this version is of `version`. Lines: product and quantity, 10 reais each.
Order order(const std::string& id, int minute, OrderStatus status, int version,
            const std::vector<std::pair<std::string, std::int64_t>>& lines,
            const std::string& customer_id = "c1") {
    Order made;
    made.pedido_id = id;
    made.cliente_id = customer_id;
    made.data = {"2024-05-01T00:" + std::to_string(minute) + ":00Z", at(minute)};
    made.status = status;
    for (const auto& [produto_id, quantidade] : lines) {
        made.itens.push_back({"", produto_id, quantidade, Money{1000}});
        made.total += Money{1000 * quantidade};
    }
    made.instante = at(version);
    made.item = contracts::write_order(made);
    return made;
}

// Some of everything, in the order in which it arrives.
using Arrival = contracts::ShopEntity;

ShopRows rows_of(const std::vector<Arrival>& arrivals) {
    ShopRows rows;
    for (const Arrival& arrival : arrivals) {
        if (const auto* one = std::get_if<Customer>(&arrival)) {
            rows.customers.push_back(one);
        } else if (const auto* two = std::get_if<Product>(&arrival)) {
            rows.products.push_back(two);
        } else if (const auto* three = std::get_if<Order>(&arrival)) {
            rows.orders.push_back(three);
            if (three->cliente) {
                rows.customers.push_back(&*three->cliente);
            }
        } else {
            rows.carts.push_back(&std::get<Cart>(arrival));
        }
    }
    return rows;
}

class ShopStoreTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        server_ = std::make_unique<support::PrivatePostgres>();
        auto connection = admin();
        db::migrate(connection, db::shipped_migrations());
    }
    static void TearDownTestSuite() { server_.reset(); }
    void SetUp() override { empty_tables(); }

    static postgres::Connection admin() { return postgres::Connection({server_->url(), "test"}); }
    static void empty_tables() {
        admin().execute(
            "TRUNCATE esteira.clientes, esteira.produtos, esteira.pedidos,"
            " esteira.carrinhos, esteira.estoque_movimentos");
    }
    static PostgresShopStore new_store() {
        return PostgresShopStore({server_->url("esteira_worker_orders"), "test"});
    }

    std::size_t write(const std::vector<Arrival>& arrivals) {
        return store_.write(rows_of(arrivals));
    }
    // What is left of a product; "-" when nobody has counted it.
    static std::string left_of(const std::string& id) {
        auto connection = admin();
        const auto found = shop::product(connection, id);
        return found ? json::parse(*found)["estoque_disponivel"].dump() : "-";
    }
    static json order_of(const std::string& id) {
        auto connection = admin();
        return json::parse(shop::order(connection, id).value_or("null"));
    }
    // Every row of every table, but for when it was written.
    static std::string tables() {
        const auto rows = admin().execute(R"(
            SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
                SELECT 'c ' || (to_jsonb(c) - 'inserido_em')::text AS line FROM esteira.clientes c
                UNION ALL SELECT 'p ' || (to_jsonb(p) - 'inserido_em')::text FROM esteira.produtos p
                UNION ALL SELECT 'o ' || (to_jsonb(o) - 'inserido_em')::text FROM esteira.pedidos o
                UNION ALL SELECT 'k ' || (to_jsonb(k) - 'inserido_em')::text
                          FROM esteira.carrinhos k
                UNION ALL SELECT 'm ' || to_jsonb(m)::text FROM esteira.estoque_movimentos m
                          WHERE quantidade > 0) AS all_rows)");
        return std::string(rows.text(0, 0));
    }

    static inline std::unique_ptr<support::PrivatePostgres> server_;
    PostgresShopStore store_ = new_store();
};

TEST_F(ShopStoreTest, AnOrderIsReadWithItsLinesAndItsCustomer) {
    store_.require_ready();
    EXPECT_EQ(write({customer("c1", "Zé", 0),
                     order("o1", 5, OrderStatus::pendente, 5, {{"p1", 2}, {"p2", 1}})}),
              2u);
    const json found = order_of("o1");
    EXPECT_EQ(found["cliente"]["nome"], "Zé");
    EXPECT_EQ(found["itens"].size(), 2u);
    EXPECT_EQ(found["itens"][0]["quantidade"], 2);
    EXPECT_EQ(found["total"].dump(), "30.0");
    EXPECT_EQ(found["atualizado_em"], "2024-05-01T00:05:00Z");
    EXPECT_TRUE(order_of("o2").is_null());
}

TEST_F(ShopStoreTest, ACustomerThatComesLaterStandsInTheOrdersThatCameWithoutOne) {
    Order with_own = order("o2", 5, OrderStatus::pendente, 5, {{"p1", 1}});
    with_own.cliente = customer("c1", "Embutido", 1);
    write({order("o1", 5, OrderStatus::pendente, 5, {{"p1", 1}}), with_own});
    EXPECT_EQ(order_of("o1")["cliente"]["nome"], "Embutido");  // The newest that is known.
    write({customer("c1", "Novo", 9)});
    EXPECT_EQ(order_of("o1")["cliente"]["nome"], "Novo");
    EXPECT_EQ(order_of("o2")["cliente"]["nome"], "Embutido");
    write({customer("c1", "Velho", 0)});
    EXPECT_EQ(order_of("o1")["cliente"]["nome"], "Novo");
}

TEST_F(ShopStoreTest, ALargeCustomerDoesNotSwellTheOrdersThatCameWithoutOne) {
    std::vector<Arrival> orders;
    for (int i = 0; i < 100; ++i) {
        orders.emplace_back(
            order("o" + std::to_string(i), 5, OrderStatus::pendente, 5, {{"p1", 1}}));
    }
    Customer large = customer("c1", "Zé", 9);
    large.preferencias = "\"" + std::string(500'000, 'x') + "\"";
    large.item = contracts::write_customer(large);
    write(orders);
    write({large});
    write({order("later", 5, OrderStatus::pendente, 5, {{"p1", 1}})});
    EXPECT_EQ(order_of("o7")["cliente"]["nome"], "Zé");
    EXPECT_EQ(order_of("later")["cliente"]["nome"], "Zé");
    EXPECT_LT(
        admin().execute("SELECT max(length(cliente::text)) FROM esteira.pedidos").integer(0, 0),
        1'000);
}

TEST_F(ShopStoreTest, AStatusOnlyMovesWithANewerTimeAndOfOneTimeTheFurtherOneWins) {
    const std::vector<std::pair<std::string, std::int64_t>> lines{{"p1", 1}};
    write({order("o1", 5, OrderStatus::enviado, 7, lines)});
    EXPECT_EQ(write({order("o1", 5, OrderStatus::pendente, 6, lines)}), 0u);
    EXPECT_EQ(write({order("o1", 5, OrderStatus::pendente, 7, lines)}), 0u);
    EXPECT_EQ(order_of("o1")["status"], "Enviado");
    EXPECT_EQ(write({order("o1", 5, OrderStatus::entregue, 7, lines)}), 1u);
    EXPECT_EQ(order_of("o1")["status"], "Entregue");
}

TEST_F(ShopStoreTest, AnOrderTakesItsLinesOnceAndGivesThemBackOnceWhenItIsCancelled) {
    const auto pending = order("o1", 5, OrderStatus::pendente, 5, {{"p1", 2}, {"p1", 3}});
    const auto cancelled = order("o1", 5, OrderStatus::cancelado, 8, {{"p1", 2}, {"p1", 3}});
    write({product("p1", 100, 0), pending});
    EXPECT_EQ(left_of("p1"), "95");
    write({pending});
    EXPECT_EQ(left_of("p1"), "95");
    write({cancelled});
    write({cancelled});
    write({pending});
    EXPECT_EQ(left_of("p1"), "100");
}

TEST_F(ShopStoreTest, ANewCountHoldsWhatHappenedBeforeIt) {
    write({product("p1", 100, 0), order("o1", 5, OrderStatus::pendente, 5, {{"p1", 10}}),
           order("o2", 7, OrderStatus::pendente, 7, {{"p1", 1}})});
    EXPECT_EQ(left_of("p1"), "89");
    write({product("p1", 90, 6)});  // The first order is in it.
    EXPECT_EQ(left_of("p1"), "89");
    write({order("o1", 5, OrderStatus::cancelado, 9, {{"p1", 10}})});
    EXPECT_EQ(left_of("p1"), "99");  // What comes back after the count is more than it.
}

TEST_F(ShopStoreTest, AnOrderThatComesBeforeItsProductIsNotForgotten) {
    write({order("o1", 5, OrderStatus::pendente, 5, {{"p1", 10}})});
    EXPECT_EQ(left_of("p1"), "-");
    write({product("p1", 7, 0)});
    EXPECT_EQ(left_of("p1"), "-3");
}

TEST_F(ShopStoreTest, AVersionWithOtherLinesTakesTheDifference) {
    write({product("p1", 10, 0), product("p2", 10, 0),
           order("o1", 5, OrderStatus::pendente, 5, {{"p1", 4}})});
    write({order("o1", 5, OrderStatus::pendente, 6, {{"p1", 1}, {"p2", 2}})});
    EXPECT_EQ(left_of("p1") + " " + left_of("p2"), "9 8");
    write({order("o1", 5, OrderStatus::pendente, 7, {{"p2", 2}})});
    EXPECT_EQ(left_of("p1") + " " + left_of("p2"), "10 8");
}

TEST_F(ShopStoreTest, TheNewestCartOfACustomerStays) {
    Cart cart;
    cart.carrinho_id = "k1";
    cart.cliente_id = "c1";
    cart.itens.push_back({"p1", 2, Money{150}});
    cart.total = Money{300};
    cart.instante = at(3);
    cart.item = contracts::write_cart(cart);
    EXPECT_EQ(write({cart}), 1u);
    cart.total = Money{1};
    cart.instante = at(2);
    EXPECT_EQ(write({cart}), 0u);
    EXPECT_EQ(admin().execute("SELECT total FROM esteira.carrinhos").text(0, 0), "3.00");
}

// Customers, counts and orders with many versions; some of one time.
std::vector<Arrival> many_versions(std::mt19937& random) {
    const auto below = [&](int bound) {
        return static_cast<int>(random() % static_cast<unsigned>(bound));
    };
    std::vector<Arrival> all;
    for (int i = 0; i < 40; ++i) {
        all.emplace_back(
            customer("c" + std::to_string(below(4)), "n" + std::to_string(i), below(20)));
        all.emplace_back(product("p" + std::to_string(below(5)), below(100), below(40)));
    }
    for (int i = 0; i < 150; ++i) {
        const int number = below(25);
        std::vector<std::pair<std::string, std::int64_t>> lines;
        for (int line = below(3); line >= 0; --line) {
            lines.emplace_back("p" + std::to_string(below(5)), 1 + below(5));
        }
        const int made = number;  // The same in each version.
        Order one = order("o" + std::to_string(number), made, static_cast<OrderStatus>(below(4)),
                          made + below(10), lines, "c" + std::to_string(number % 4));
        if (below(3) == 0) {
            one.cliente = customer(one.cliente_id, "e" + std::to_string(i), made);
            one.item = contracts::write_order(one);
        }
        all.emplace_back(std::move(one));
    }
    return all;
}

TEST_F(ShopStoreTest, WhateverTheOrderTheBatchesAndTheRepetitionsTheTablesAreTheSame) {
    std::mt19937 random(7);
    std::vector<Arrival> all = many_versions(random);
    for (const Arrival& one : all) {
        write({one});
    }
    const std::string expected = tables();
    for (int round = 0; round < 5; ++round) {
        empty_tables();
        std::shuffle(all.begin(), all.end(), random);
        for (std::size_t from = 0; from < all.size();) {
            const std::size_t size = std::min<std::size_t>(1 + random() % 60, all.size() - from);
            const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from);
            const std::vector<Arrival> batch(begin, begin + static_cast<std::ptrdiff_t>(size));
            write(batch);
            if (random() % 3 == 0) {
                write(batch);
            }
            from += size;
        }
        ASSERT_EQ(tables(), expected) << "round " << round;
    }
}

TEST_F(ShopStoreTest, SeveralAtOnceLeaveTheSameTablesAndNobodyGivesUp) {
    std::mt19937 random(9);
    std::vector<Arrival> all = many_versions(random);
    write(all);
    const std::string expected = tables();
    empty_tables();
    constexpr std::size_t kThreads = 4;
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&all, thread] {
            auto store = new_store();
            for (std::size_t i = thread; i < all.size(); i += kThreads) {
                const std::size_t end = std::min(i + 20, all.size());  // They overlap.
                store.write(rows_of({all.begin() + static_cast<std::ptrdiff_t>(i),
                                     all.begin() + static_cast<std::ptrdiff_t>(end)}));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(tables(), expected);
    EXPECT_EQ(admin()
                  .execute("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'")
                  .integer(0, 0),
              0);
}

TEST_F(ShopStoreTest, AWorkerMayWriteItsTablesAndNothingElse) {
    postgres::Connection worker({server_->url("esteira_worker_orders"), "test"});
    for (const char* refused :
         {"DELETE FROM pedidos", "TRUNCATE produtos", "UPDATE estoque_posicao SET qtd_estoque = 0",
          "CREATE TABLE x (n int)"}) {
        EXPECT_THROW(worker.execute(refused), postgres::Error) << refused;
    }
}

}  // namespace
}  // namespace esteira::order_ingest

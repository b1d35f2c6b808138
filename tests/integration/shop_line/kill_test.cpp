#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "producers/shop/shop.hpp"
#include "tests/integration/farm/killed_line.hpp"

namespace esteira::shop_line {
namespace {

constexpr int kKills = 30;
constexpr std::size_t kWorkers = 3;
constexpr std::size_t kBad = 40;
constexpr shop::ShopSize kSize{40, 25, 1'500, 60};
constexpr const char* kUntil = "2026-01-31";

// Every row of every table as the checker reads it. PostgreSQL writes the lines itself: the
// product's own code has no part in what it is judged by.
constexpr const char* kTables = R"(
SELECT json_build_object('table', 'clientes', 'key', cliente_id, 'row',
                         json_build_object('nome', nome, 'item', item::text))::text
FROM esteira.clientes WHERE instante IS NOT NULL
UNION ALL
SELECT json_build_object('table', 'produtos', 'key', produto_id, 'row',
                         json_build_object('preco', preco::text, 'estoque', estoque,
                                           'estoque_disponivel', estoque_disponivel,
                                           'item', item::text))::text
FROM esteira.produtos WHERE instante IS NOT NULL
UNION ALL
SELECT json_build_object('table', 'pedidos', 'key', cliente_id || '|' || pedido_id, 'row',
                         json_build_object('status', status, 'total', total::text,
                                           'linhas', jsonb_array_length(itens),
                                           'cliente', cliente->>'nome', 'item', item::text))::text
FROM esteira.pedidos
UNION ALL
SELECT json_build_object('table', 'carrinhos', 'key', cliente_id || '|' || carrinho_id, 'row',
                         json_build_object('total', total::text, 'item', item::text))::text
FROM esteira.carrinhos)";

class ShopKillTest : public testing::Test {
protected:
    // What a red run leaves behind.
    ~ShopKillTest() override {
        if (HasFailure()) {
            ADD_FAILURE() << "seed " << line_.seed() << "; kept in "
                          << line_.keep("shop_kill_test");
        }
    }

    support::ChildOptions producer(support::LineFarm& farm) const {
        const auto number = [](std::uint64_t value) { return std::to_string(value); };
        return {{ESTEIRA_BIN_DIR "/esteira-produce-shop",
                 "--config",
                 farm.broker().folder() + "/esteira.toml",
                 "--set",
                 "broker.endpoint=" + farm.broker().endpoint(),
                 "--customers",
                 number(kSize.customers),
                 "--products",
                 number(kSize.products),
                 "--orders",
                 number(kSize.orders),
                 "--carts",
                 number(kSize.carts),
                 "--until",
                 kUntil,
                 "--history",
                 "--embed",
                 "--seed",
                 number(line_.seed() % 1000),
                 "--items",
                 "7",
                 "--batch",
                 "2",
                 "--rate",
                 "25",
                 "--patience",
                 "60",
                 "--spool",
                 farm.broker().folder() + "/spool"},
                {},
                farm.broker().folder() + "/producer.log"};
    }

    // Orders whose total is wrong, each beside a good customer.
    void send_bad_ones() {
        std::ofstream bad(line_.books() + "/bad.jsonl");
        for (std::size_t i = 0; i < kBad; ++i) {
            std::string order = shop_.order(i, 0);
            const std::string total = "\"total\":";
            order.insert(order.find(total) + total.size(), "9");
            bad << order << '\n';
            line_.farm().send({"[" + order + "," + shop_.customer(i) + "]"});
        }
    }
    void write_sent() const {
        std::ofstream sent(line_.books() + "/sent.jsonl");
        for (std::uint64_t i = 0; i < kSize.customers; ++i) {
            sent << shop_.customer(i) << '\n';
        }
        for (std::uint64_t i = 0; i < kSize.products; ++i) {
            sent << shop_.product(i) << '\n';
        }
        for (std::uint64_t i = 0; i < kSize.orders; ++i) {
            for (std::uint64_t version = 0; version < shop_.versions_of(i); ++version) {
                sent << shop_.order(i, version) << '\n';
            }
        }
        for (std::uint64_t i = 0; i < kSize.carts; ++i) {
            sent << shop_.cart(i) << '\n';
        }
    }

    support::KilledLine line_{{"order-ingest", "orders", "esteira_worker_orders"},
                              kWorkers,
                              [this](support::LineFarm& farm) { return producer(farm); }};
    const contracts::Zone zone_ = contracts::Zone::load("America/Sao_Paulo").value();
    const shop::Shop shop_{kSize, line_.seed() % 1000, std::chrono::year(2026) / 1 / 31, zone_,
                           true};
};

TEST_F(ShopKillTest, WholeTablesAreWhatWasSentAfterThirtyKillsARedriveAndTheSameRunAgain) {
    send_bad_ones();
    line_.live_through(kKills);
    line_.redrive();
    line_.send_again();
    write_sent();
    line_.write_rows("tables.jsonl", kTables);
    line_.check("shop_line/check_shop.py");
}

}  // namespace
}  // namespace esteira::shop_line

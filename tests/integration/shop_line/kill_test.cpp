#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "producers/shop/shop.hpp"
#include "tests/integration/farm/line_farm.hpp"

namespace esteira::shop_line {
namespace {

namespace fs = std::filesystem;
using support::ChildProcess;

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
    ShopKillTest() {
        std::cout << "seed " << seed_ << " (ESTEIRA_SEED)\n";
        fs::create_directory(books_);
        for (std::size_t i = 0; i < kWorkers; ++i) {
            farm_.start_worker({"--visibility", "5", "--set", "workers.order-ingest.batch_max=20"});
        }
    }
    // What a red run leaves behind.
    ~ShopKillTest() override {
        if (HasFailure()) {
            const fs::path kept = "shop_kill_test-" + std::to_string(seed_);
            fs::copy(books_, kept, fs::copy_options::recursive);
            std::ofstream(kept / "workers.log") << farm_.said();
            ADD_FAILURE() << "seed " << seed_ << "; kept in " << fs::absolute(kept);
        }
    }

    std::size_t random_below(std::size_t bound) { return random_() % bound; }
    void pause(std::size_t least_ms, std::size_t most_ms) {
        std::this_thread::sleep_for(
            std::chrono::milliseconds(least_ms + random_below(most_ms - least_ms)));
    }

    // What it could not send it finds in its spool, and then sends everything once more.
    std::unique_ptr<ChildProcess> start_producer() {
        const auto number = [](std::uint64_t value) { return std::to_string(value); };
        return std::make_unique<ChildProcess>(
            support::ChildOptions{{ESTEIRA_BIN_DIR "/esteira-produce-shop",
                                   "--config",
                                   farm_.broker().folder() + "/esteira.toml",
                                   "--set",
                                   "broker.endpoint=" + farm_.broker().endpoint(),
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
                                   number(seed_ % 1000),
                                   "--items",
                                   "7",
                                   "--batch",
                                   "2",
                                   "--rate",
                                   "25",
                                   "--patience",
                                   "60",
                                   "--spool",
                                   farm_.broker().folder() + "/spool"},
                                  {},
                                  farm_.broker().folder() + "/producer.log"});
    }

    void kill_something() {
        const std::size_t die = random_below(100);
        if (die < 40) {
            const std::size_t victim = farm_.workers() - 1 - random_below(kWorkers);
            farm_.kill_worker(victim);
            farm_.start_worker({"--visibility", "5", "--set", "workers.order-ingest.batch_max=20"});
        } else if (die < 65) {
            farm_.broker().kill();
            pause(1, 300);
            farm_.broker().start();
        } else if (die < 90) {
            farm_.postgres().kill();
            pause(1, 500);
            farm_.postgres().start();
        } else {
            producer_->signal(SIGKILL);
            producer_->wait();
            producer_ = start_producer();
        }
    }

    // Orders whose total is a centavo too high, each beside a good customer.
    void send_bad_ones() {
        std::ofstream bad(books_ + "/bad.jsonl");
        for (std::size_t i = 0; i < kBad; ++i) {
            std::string order = shop_.order(i, 0);
            const std::string total = "\"total\":";
            order.insert(order.find(total) + total.size(), "9");
            bad << order << '\n';
            farm_.send({"[" + order + "," + shop_.customer(i) + "]"});
        }
    }
    void write_sent() const {
        std::ofstream sent(books_ + "/sent.jsonl");
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

    void drain() {
        const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(3);
        while (!farm_.drained()) {
            ASSERT_LT(std::chrono::steady_clock::now(), patience)
                << "it does not drain: " << farm_.said();
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
    void redrive() {
        ChildProcess control({{ESTEIRA_BIN_DIR "/esteira-ctl", "dlq", "redrive", "dlq-orders"},
                              {"ESTEIRA__BROKER__OPS_SOCKET=" + farm_.broker().ops_socket()},
                              farm_.broker().folder() + "/redrive.log"});
        EXPECT_EQ(control.wait(), 0) << control.said();
        drain();
    }
    void check() {
        write_sent();
        std::ofstream tables(books_ + "/tables.jsonl");
        const auto rows = farm_.admin().execute(kTables);
        for (int row = 0; row < rows.count(); ++row) {
            tables << rows.text(row, 0) << '\n';
        }
        tables.close();
        farm_.write_dead_letters(books_ + "/dead.jsonl");
        ChildProcess checker(
            {{ESTEIRA_PYTHON, "-B", ESTEIRA_SOURCE_DIR "/tests/integration/shop_line/check_shop.py",
              books_},
             {},
             farm_.broker().folder() + "/report"});
        EXPECT_EQ(checker.wait(std::chrono::minutes(2)).value_or(-1), 0) << checker.said();
        std::cout << checker.said();
    }

    static std::uint64_t draw_seed() {
        const char* given = std::getenv("ESTEIRA_SEED");
        return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    }

    const std::uint64_t seed_ = draw_seed();
    std::mt19937_64 random_{seed_};
    support::LineFarm farm_{{"order-ingest", "orders", "esteira_worker_orders"}};
    std::string books_ = farm_.broker().folder() + "/books";
    std::unique_ptr<ChildProcess> producer_;
    const contracts::Zone zone_ = contracts::Zone::load("America/Sao_Paulo").value();
    const shop::Shop shop_{kSize, seed_ % 1000, std::chrono::year(2026) / 1 / 31, zone_, true};
};

TEST_F(ShopKillTest, WholeTablesAreWhatWasSentAfterThirtyKillsARedriveAndTheSameRunAgain) {
    producer_ = start_producer();
    send_bad_ones();
    for (int kill = 0; kill < kKills; ++kill) {
        pause(100, 600);
        kill_something();
    }
    ASSERT_EQ(producer_->wait(std::chrono::minutes(3)).value_or(-1), 0) << producer_->said();
    drain();
    redrive();
    producer_ = start_producer();
    ASSERT_EQ(producer_->wait(std::chrono::minutes(3)).value_or(-1), 0) << producer_->said();
    drain();
    check();
}

}  // namespace
}  // namespace esteira::shop_line

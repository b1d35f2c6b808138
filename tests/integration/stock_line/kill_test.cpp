#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "tests/integration/stock_line/books.hpp"
#include "tests/integration/stock_line/load.hpp"
#include "tests/integration/stock_line/pool.hpp"
#include "tests/support/await.hpp"

namespace esteira::stock_line {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWorkers = 3;
constexpr std::size_t kBatch = 5;
constexpr int kKills = 50;

class StockKillTest : public testing::Test {
protected:
    StockKillTest() {
        const char* given = std::getenv("ESTEIRA_SEED");
        seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
        random_.seed(seed_);
        std::cout << "seed " << seed_ << " (ESTEIRA_SEED)\n";
        fs::create_directory(ledgers_);
    }
    // What a red run leaves behind.
    ~StockKillTest() override {
        if (HasFailure()) {
            const fs::path kept = "stock_kill_test-" + std::to_string(seed_);
            farm_.broker().process().signal(SIGKILL);
            farm_.broker().process().wait();
            fs::create_directory(kept);
            for (const auto& part : fs::directory_iterator(farm_.broker().folder())) {
                const fs::path name = part.path().filename();
                if (part.is_regular_file() || name == "data" || name == "ledgers") {
                    fs::copy(part, kept / name, fs::copy_options::recursive);
                }
            }
            fs::copy(farm_.postgres().folder() / "server.log", kept / "postgres.log");
            ADD_FAILURE() << "seed " << seed_ << "; kept in " << fs::absolute(kept);
        }
    }

    std::size_t random_below(std::size_t bound) { return random_() % bound; }
    void pause(std::size_t least_ms, std::size_t most_ms) {
        std::this_thread::sleep_for(
            std::chrono::milliseconds(least_ms + random_below(most_ms - least_ms)));
    }

    void start_load() {
        for (int number = 0; number < 2; ++number) {
            const auto options = farm_.broker().client_options("p" + std::to_string(number + 1));
            load_.emplace_back(
                [this, number, options, seed = random_()](const std::stop_token& stop) {
                    PointOfSale(options, ledgers_, seed, number).run(stop);
                });
        }
    }

    // The supervisor starts another one.
    void kill_worker() { pool_.kill_worker(random_below(kWorkers)); }
    // Workers that wait for an answer, while the database carries their statements out later.
    void kill_workers_at_work() {
        auto somebody = farm_.admin();
        const postgres::Transaction transaction(somebody);
        somebody.execute("LOCK TABLE esteira.estoque_posicao IN EXCLUSIVE MODE");
        const auto held = [&] {
            return farm_.broker().attribute("stock", "ApproximateNumberOfMessagesNotVisible");
        };
        EXPECT_TRUE(support::await([&] { return std::stoul(held()) >= kBatch; }));
        pool_.kill_workers();
    }
    void kill_supervisor() {
        pool_.kill_supervisor();
        pause(1, 500);
        pool_.start_supervisor();
    }
    void kill_broker() {
        farm_.broker().kill();
        pause(1, 300);
        farm_.broker().launch();
        if (random_below(4) == 0) {  // And again while it reads its log.
            pause(1, 40);
            farm_.broker().kill();
            farm_.broker().launch();
        }
        farm_.broker().await_answer();
    }
    void kill_postgres() {
        farm_.postgres().kill();
        pause(1, 500);
        farm_.postgres().start();
    }
    void kill_all() {
        farm_.broker().kill();
        farm_.postgres().kill();
        pool_.kill_supervisor();
        pool_.kill_workers();
        farm_.postgres().start();
        farm_.broker().start();
        pool_.start_supervisor();
    }
    void kill_something() {
        const std::size_t die = random_below(100);
        if (die < 15) {
            kill_worker();
        } else if (die < 30) {
            kill_workers_at_work();
        } else if (die < 45) {
            kill_supervisor();
        } else if (die < 70) {
            kill_broker();
        } else if (die < 95) {
            kill_postgres();
        } else {
            kill_all();
        }
    }

    // In the end a new life of everything, so that what is checked was read from the disks.
    void end_and_check() {
        load_.clear();
        const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(3);
        while (!farm_.drained()) {
            ASSERT_LT(std::chrono::steady_clock::now(), patience) << "it does not drain";
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        kill_all();
        EXPECT_TRUE(support::await([&] {
            return pool_.running() == kWorkers && pool_.online() == kWorkers;
        })) << pool_.running()
            << " workers run, the broker hears of " << pool_.online();
        std::string report;
        EXPECT_EQ(check_books(farm_, ledgers_, report), 0) << report;
        std::cout << report;
    }

    std::uint64_t seed_ = 0;
    std::mt19937_64 random_;
    Farm farm_;
    Pool pool_{farm_, kWorkers, kBatch};
    std::string ledgers_ = farm_.broker().folder() + "/ledgers";
    std::vector<std::jthread> load_;  // The last one: it uses the others.
};

TEST_F(StockKillTest, WhatWasAcknowledgedIsWrittenOrOlderOrDeadWithItsReasonAfterFiftyKills) {
    start_load();
    for (int kill = 0; kill < kKills; ++kill) {
        pause(200, 900);
        kill_something();
    }
    end_and_check();
}

}  // namespace
}  // namespace esteira::stock_line

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/integration/kill/final_state.hpp"
#include "tests/integration/kill/load.hpp"
#include "tests/support/broker_process.hpp"

namespace esteira::kill {
namespace {

namespace fs = std::filesystem;

class KillTest : public testing::Test {
protected:
    KillTest() {
        const char* given = std::getenv("ESTEIRA_SEED");
        seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
        random_.seed(seed_);
        fs::create_directory(ledgers_);
        broker_.make_queue("work", {{"VisibilityTimeout", "3"}});
        client::QueueClient client(broker_.client_options());
        EXPECT_TRUE(client.set_queue({"work", {{"MaxReceives", std::to_string(kMaxReceives)}}}));
    }

    // What a red run leaves behind: ledgers, the broker's log and journal.
    ~KillTest() override {
        if (HasFailure()) {
            const std::string kept = "kill_test-" + std::to_string(seed_);
            broker_.process().signal(SIGKILL);
            broker_.process().wait();
            fs::create_directory(kept);
            for (const char* part : {"ledgers", "data", "broker.log", "report"}) {
                const fs::path from = fs::path(broker_.folder()) / part;
                if (fs::exists(from)) {
                    fs::copy(from, fs::path(kept) / part, fs::copy_options::recursive);
                }
            }
            ADD_FAILURE() << "seed " << seed_ << "; kept in " << fs::absolute(kept);
        }
    }

    void start_load() {
        for (const char* name : {"p1", "p2"}) {
            threads_.emplace_back([this, name, seed = random_()](const std::stop_token& stop) {
                Producer(broker_.client_options(name), ledgers_, seed).run(stop);
            });
        }
        for (const char* name : {"c1", "c2"}) {
            threads_.emplace_back([this, name, seed = random_()](const std::stop_token& stop) {
                Consumer(broker_.client_options(name), ledgers_, seed).run(stop);
            });
        }
    }

    void pause(int least_ms, int most_ms) {
        const int span = most_ms - least_ms;
        std::this_thread::sleep_for(std::chrono::milliseconds(
            least_ms + static_cast<int>(random_() % static_cast<unsigned>(span))));
    }

    // One life more, so that what is checked was read from the disk.
    void end_and_check() {
        threads_.clear();
        broker_.kill();
        broker_.start();
        write_final_state(broker_, ledgers_);
        support::ChildProcess checker(
            {{ESTEIRA_PYTHON, "-B", ESTEIRA_SOURCE_DIR "/tests/integration/kill/check_ledgers.py",
              ledgers_},
             {},
             broker_.folder() + "/report"});
        EXPECT_EQ(checker.wait(std::chrono::minutes(2)), 0) << checker.said();
        std::cout << checker.said();
    }

    std::uint64_t seed_ = 0;
    std::mt19937_64 random_;
    support::BrokerProcess broker_;
    std::string ledgers_ = broker_.folder() + "/ledgers";
    std::vector<std::jthread> threads_;  // The last one: they use the others.
};

TEST_F(KillTest, WhatWasAnsweredIsSoAfterTwoHundredKillsUnderLoad) {
    start_load();
    for (int life = 0; life < 200; ++life) {
        pause(20, 300);
        broker_.kill();
        broker_.launch();
        if (random_() % 4 == 0) {  // And again while it reads its log.
            pause(0, 40);
            broker_.kill();
            broker_.launch();
        }
        broker_.await_answer();
    }
    end_and_check();
}

TEST_F(KillTest, AStopUnderLoadTakesNothingAlongAndLeavesNothingToMend) {
    start_load();
    for (int life = 0; life < 40; ++life) {
        pause(20, 300);
        ASSERT_EQ(broker_.stop(), 0) << broker_.process().said();
        broker_.start();
    }
    const std::regex quarantined(R"("quarantined_bytes":[1-9])");
    EXPECT_FALSE(std::regex_search(broker_.process().said(), quarantined));
    end_and_check();
}

}  // namespace
}  // namespace esteira::kill

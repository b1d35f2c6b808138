#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/base/bytes.hpp"
#include "common/postgres/connection.hpp"
#include "tests/integration/fifo_order/producer.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/ops_client.hpp"
#include "tests/support/private_postgres.hpp"

namespace esteira::fifo_order {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kWorkers = 8;
constexpr int kBlows = 40;
constexpr const char* kVisibilitySeconds = "2";  // The least that a worker takes.
constexpr const char* kDeadLetters = "dlq-order.fifo";

constexpr const char* kTables = R"(
CREATE SCHEMA chk;
CREATE TABLE chk.inbox (origin text PRIMARY KEY);
CREATE TABLE chk.groups (name text PRIMARY KEY, place bigint NOT NULL DEFAULT 0);
CREATE TABLE chk.effects (group_name text, number bigint, place bigint);
INSERT INTO chk.groups SELECT 'g' || n FROM generate_series(0, 999) n;
)";

class FifoOrderTest : public testing::Test {
protected:
    FifoOrderTest() {
        const char* given = std::getenv("ESTEIRA_SEED");
        seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
        random_.seed(seed_);
        std::cout << "seed " << seed_ << " (ESTEIRA_SEED)\n";
        fs::create_directory(books_);
        postgres::Connection({postgres_.url(), "test"}).run_script(kTables);
        std::ofstream(config_) << "[workers.order]\nqueue = \"" << kQueue << "\"\n";
        fs::permissions(config_, fs::perms::owner_read | fs::perms::owner_write);
        make_queues();
        for (std::size_t i = 0; i < kWorkers; ++i) {
            start_worker(i);
        }
    }
    // What a red run leaves behind.
    ~FifoOrderTest() override {
        load_.clear();
        if (HasFailure()) {
            const fs::path kept = "fifo_order_test-" + std::to_string(seed_);
            broker_.process().signal(SIGKILL);
            broker_.process().wait();
            fs::create_directory(kept);
            for (const auto& part : fs::directory_iterator(broker_.folder())) {
                const fs::path name = part.path().filename();
                if (part.is_regular_file() || name == "data" || name == "books") {
                    fs::copy(part, kept / name, fs::copy_options::recursive);
                }
            }
            ADD_FAILURE() << "seed " << seed_ << "; kept in " << fs::absolute(kept);
        }
    }

    void make_queues() {
        client::QueueClient client(broker_.client_options());
        const auto dead = client.create_queue({kDeadLetters, {{"FifoQueue", "true"}}, {}});
        ASSERT_TRUE(dead) << dead.error().reason;
        const auto made = client.create_queue({kQueue,
                                               {{"FifoQueue", "true"},
                                                {"DeadLetterQueue", kDeadLetters},
                                                {"MaxReceives", "1000"},
                                                {"RetryBaseMillis", "10"},
                                                {"RetryMaxMillis", "300"}},
                                               {}});
        ASSERT_TRUE(made) << made.error().reason;
    }

    std::size_t random_below(std::size_t bound) { return random_() % bound; }
    void pause(std::size_t least_ms, std::size_t most_ms) {
        std::this_thread::sleep_for(
            std::chrono::milliseconds(least_ms + random_below(most_ms - least_ms)));
    }

    void start_load() {
        for (int number = 0; number < kProducers; ++number) {
            const auto options = broker_.client_options("p" + std::to_string(number));
            load_.emplace_back(
                [this, number, options, seed = random_()](const std::stop_token& stop) {
                    try {
                        Producer(options, books_, seed, number).run(stop);
                    } catch (const std::exception& error) {
                        ADD_FAILURE() << error.what();
                    }
                });
        }
    }

    void start_worker(std::size_t number) {
        const std::string name = "order-" + std::to_string(number);
        workers_[number] = std::make_unique<support::ChildProcess>(
            support::ChildOptions{{ESTEIRA_BIN_DIR "/esteira-worker-order", "--config", config_,
                                   "--set", "broker.endpoint=" + broker_.endpoint(), "--name", name,
                                   "--batch", "10", "--visibility", kVisibilitySeconds},
                                  {"ESTEIRA__POSTGRES__URL=" + postgres_.url()},
                                  broker_.folder() + "/" + name + ".log"});
        stands_until_[number].reset();
    }
    void kill_worker(std::size_t number) {
        workers_[number]->signal(SIGKILL);
        workers_[number]->wait();
        start_worker(number);
    }
    // Longer than its messages are hidden: others get them, and it goes on with what it holds.
    void stop_worker(std::size_t number) {
        workers_[number]->signal(SIGSTOP);
        stands_until_[number] =
            Steady::now() + std::chrono::milliseconds(2'200 + random_below(2'500));
    }
    void let_workers_go_on(Steady::time_point by) {
        for (std::size_t i = 0; i < kWorkers; ++i) {
            if (stands_until_[i] && *stands_until_[i] <= by) {
                workers_[i]->signal(SIGCONT);
                stands_until_[i].reset();
            }
        }
    }
    void kill_broker() {
        broker_.kill();
        pause(1, 200);
        broker_.launch();
        broker_.await_answer();
    }
    // All leases run out meanwhile, and all workers are taken by surprise.
    void stop_broker() {
        broker_.freeze(true);
        pause(2'200, 2'800);
        broker_.freeze(false);
    }

    void strike() {
        const std::size_t die = random_below(100);
        if (die < 45) {
            kill_worker(random_below(kWorkers));
        } else if (die < 70) {
            stop_worker(random_below(kWorkers));
        } else if (die < 95) {
            kill_broker();
        } else {
            stop_broker();
        }
    }

    void write_effects() {
        postgres::Connection connection({postgres_.url(), "checker"});
        const auto rows = connection.execute(
            "SELECT json_build_object('group', group_name, 'number', number, 'place', place)"
            " FROM chk.effects");
        std::ofstream out(books_ + "/effects.jsonl");
        for (int row = 0; row < rows.count(); ++row) {
            out << rows.text(row, 0) << '\n';
        }
    }
    void write_dead_letters() {
        client::QueueClient client(broker_.client_options("final"));
        std::ofstream out(books_ + "/dead.jsonl");
        for (;;) {
            const auto batch = client.receive({kDeadLetters, 1'000, Millis{0}, {}});
            ASSERT_TRUE(batch) << batch.error().reason;
            if (batch.value().messages.empty()) {
                return;
            }
            for (const dialogue::Delivery& message : batch.value().messages) {
                auto line = nlohmann::json::parse(as_text(message.body));
                line["group"] = message.group;
                line["reason"] = message.reason;
                out << line << '\n';
            }
            ASSERT_TRUE(client.done(batch.value().receipt));
        }
    }
    void write_totals() {
        support::OpsClient operators(broker_.ops_socket());
        nlohmann::json totals;
        for (const char* queue : {kQueue, kDeadLetters}) {
            const auto shown = operators.ask("queue.show", {{"queue", queue}});
            totals[queue] = shown.at("totals");
            totals[queue]["messages"] = shown.at("messages");
        }
        std::ofstream(books_ + "/totals.json") << totals.dump();
    }

    void end_and_check() {
        load_.clear();
        let_workers_go_on(Steady::time_point::max());
        const auto patience = Steady::now() + std::chrono::minutes(2);
        while (broker_.messages(kQueue) > 0) {
            ASSERT_LT(Steady::now(), patience) << "it does not drain";
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        for (auto& worker : workers_) {
            worker->signal(SIGTERM);
            EXPECT_EQ(worker->wait(), 0) << worker->said();
        }
        kill_broker();  // So that what is checked was read from the disk.
        write_totals();
        write_effects();
        write_dead_letters();
        support::ChildProcess checker(
            {{ESTEIRA_PYTHON, "-B",
              ESTEIRA_SOURCE_DIR "/tests/integration/fifo_order/check_order.py", books_},
             {},
             broker_.folder() + "/report"});
        EXPECT_EQ(checker.wait(std::chrono::minutes(1)), 0) << checker.said();
        std::cout << checker.said();
    }

    std::uint64_t seed_ = 0;
    std::mt19937_64 random_;
    support::PrivatePostgres postgres_;
    support::BrokerProcess broker_;
    std::string books_ = broker_.folder() + "/books";
    std::string config_ = broker_.folder() + "/order.toml";
    std::array<std::unique_ptr<support::ChildProcess>, kWorkers> workers_;
    std::array<std::optional<Steady::time_point>, kWorkers> stands_until_;
    std::vector<std::jthread> load_;  // The last one: it uses the others.
};

TEST_F(FifoOrderTest, EveryGroupKeepsItsOrderAndEveryEffectIsTakenOnceAfterFortyBlows) {
    start_load();
    for (int blow = 0; blow < kBlows; ++blow) {
        pause(200, 900);
        let_workers_go_on(Steady::now());
        strike();
    }
    end_and_check();
}

}  // namespace
}  // namespace esteira::fifo_order

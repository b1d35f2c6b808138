#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "common/base/bytes.hpp"
#include "common/postgres/connection.hpp"
#include "tests/support/await.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/private_postgres.hpp"

// esteira-worker-upsert-stock as it is run: a real broker, a real PostgreSQL, faults in between.
namespace esteira {
namespace {

using namespace std::chrono_literals;
using support::await;
using support::ChildOptions;
using support::ChildProcess;

std::string item_of(int product, int quantity, int second) {
    std::ostringstream text;
    text << R"({"codigo_barra": "0789)" << product << R"(", "nome_produto": "Produto )" << product
         << R"(", "filial": "1001", "qtd_estoque": )" << quantity
         << R"(, "data_atulizacao_posicao_estoque": "2024-05-01T00:)" << (second / 600) % 6
         << (second / 60) % 10 << ":" << (second / 10) % 6 << second % 10 << R"(Z"})";
    return text.str();
}

class UpsertStockProgramTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        postgres_ = std::make_unique<support::PrivatePostgres>();
        ChildProcess migrate({{ESTEIRA_BIN_DIR "/esteira-db", "migrate"},
                              {"ESTEIRA__POSTGRES__URL=" + postgres_->url()},
                              {}});
        ASSERT_EQ(migrate.wait(), 0);
    }
    static void TearDownTestSuite() { postgres_.reset(); }
    void SetUp() override {
        admin().execute("TRUNCATE esteira.estoque_posicao");
        broker_.make_queue("stock", {{"RetryBaseMillis", "1"}});
    }

    static postgres::Connection admin() { return postgres::Connection({postgres_->url(), "test"}); }

    std::unique_ptr<ChildProcess> start_worker(std::vector<std::string> flags = {}) {
        return start_worker_for(postgres_->url("esteira_worker_stock"), std::move(flags));
    }
    std::unique_ptr<ChildProcess> start_worker_for(const std::string& url,
                                                   std::vector<std::string> flags) {
        std::vector<std::string> words{ESTEIRA_BIN_DIR "/esteira-worker-upsert-stock",
                                       "--config",
                                       broker_.folder() + "/esteira.toml",
                                       "--set",
                                       "broker.endpoint=" + broker_.endpoint(),
                                       "--json"};
        words.insert(words.end(), flags.begin(), flags.end());
        ++workers_;
        return std::make_unique<ChildProcess>(
            ChildOptions{std::move(words),
                         {"ESTEIRA__POSTGRES__URL=" + url},
                         broker_.folder() + "/worker-" + std::to_string(workers_) + ".log"});
    }

    // The number of the first; the others follow it.
    MessageNumber send(const std::vector<std::string>& bodies) {
        std::vector<std::span<const std::byte>> views;
        for (const std::string& body : bodies) {
            views.push_back(as_bytes(body));
        }
        client::QueueClient client(broker_.client_options());
        const auto results = client.send("stock", views);
        EXPECT_TRUE(results);
        return results.value().front().first;
    }

    // product -> quantity
    static std::map<std::string, int> table() {
        const auto rows =
            admin().execute("SELECT codigo_barra, qtd_estoque FROM esteira.estoque_posicao");
        std::map<std::string, int> found;
        for (int row = 0; row < rows.count(); ++row) {
            found[std::string(rows.text(row, 0))] = std::stoi(std::string(rows.text(row, 1)));
        }
        return found;
    }
    static std::size_t rows() {
        const auto count = admin().execute("SELECT count(*) FROM esteira.estoque_posicao");
        return std::stoul(std::string(count.text(0, 0)));
    }

    // What it printed at its end; empty when it printed nothing.
    static nlohmann::json summary(const ChildProcess& worker) {
        std::istringstream lines(worker.said());
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with(R"({"ending")")) {
                return nlohmann::json::parse(line);
            }
        }
        ADD_FAILURE() << "no summary: " << worker.said();
        return {};
    }
    static bool says(const ChildProcess& worker, const std::string& event) {
        return worker.said().find("\"event\":\"" + event + "\"") != std::string::npos;
    }

    static inline std::unique_ptr<support::PrivatePostgres> postgres_;
    support::BrokerProcess broker_;
    int workers_ = 0;
};

// 500 messages of ten items over 50 products, of which some bodies are no JSON and some items are
// bad, and what has to stand in the table afterwards.
struct Load {
    std::vector<std::string> bodies;
    std::map<std::string, int> newest;
    std::vector<int> unreadable;  // Messages.
    std::vector<int> split;       // Messages whose item 3 is bad.
};

Load make_load() {
    Load load;
    std::map<std::string, int> times;
    for (int message = 0; message < 500; ++message) {
        if (message % 50 == 7) {
            load.bodies.push_back("[{\"codigo_barra\": ");
            load.unreadable.push_back(message);
            continue;
        }
        std::string body;
        for (int index = 0; index < 10; ++index) {
            const int product = (message * 7 + index * 5) % 50;
            const int second = (message * 1237 + index * 311) % 3600;  // No order at all.
            const bool bad = message % 20 == 3 && index == 3;
            const int quantity = bad ? -1 : second;  // The same for equal times.
            body += (index == 0 ? "[" : ",") + item_of(product, quantity, second);
            const std::string key = "0789" + std::to_string(product);
            if (!bad && (!times.contains(key) || times[key] < second)) {
                times[key] = second;
                load.newest[key] = quantity;
            }
        }
        if (message % 20 == 3) {
            load.split.push_back(message);
        }
        load.bodies.push_back(body + "]");
    }
    return load;
}

TEST_F(UpsertStockProgramTest, WritesTheNewestAndBuriesEachBadItemAlone) {
    const Load load = make_load();
    const MessageNumber first = send(load.bodies);
    const auto worker = start_worker({"--once", "--batch", "40"});
    ASSERT_EQ(worker->wait(), 0) << worker->said();
    EXPECT_EQ(table(), load.newest);
    EXPECT_EQ(broker_.messages("stock"), 0u);
    const auto told = summary(*worker);
    EXPECT_EQ(told["ending"], "emptied");
    EXPECT_EQ(told["done"], 500 - load.unreadable.size());
    EXPECT_EQ(told["dead"], load.unreadable.size());
    EXPECT_EQ(told["sent_on"], load.split.size());
    EXPECT_EQ(told["retried"], 0);
    EXPECT_EQ(told["counters"]["bad_items"], load.split.size());

    client::QueueClient client(broker_.client_options());
    ASSERT_TRUE(client.submit(dialogue::Receive{"dlq-stock", 1000, 10s, 60s}));
    const auto reply = client.poll(20s);
    ASSERT_TRUE(reply);
    const auto& dead = std::get<dialogue::ReceiveReply>(reply->response.answer);
    std::map<std::string, const dialogue::Delivery*> by_origin;
    for (const dialogue::Delivery& message : dead.messages) {
        EXPECT_EQ(message.source, "stock");
        by_origin[message.origin.empty()
                      ? dialogue::message_id(reply->response.broker, message.number)
                      : std::string(message.origin)] = &message;
    }
    EXPECT_EQ(dead.messages.size(), load.unreadable.size() + load.split.size());
    const auto id = [&](int message) {
        const MessageNumber number{first.value + static_cast<std::uint64_t>(message)};
        return dialogue::message_id(reply->response.broker, number);
    };
    for (const int message : load.unreadable) {
        ASSERT_TRUE(by_origin.contains(id(message)));
        EXPECT_NE(by_origin[id(message)]->reason, "");
    }
    for (const int message : load.split) {
        ASSERT_TRUE(by_origin.contains(id(message) + "/3")) << message;
        const dialogue::Delivery& part = *by_origin[id(message) + "/3"];
        const auto item = nlohmann::json::parse(as_text(part.body));
        EXPECT_EQ(item["qtd_estoque"], -1);
        EXPECT_NE(part.reason.find("qtd_estoque"), std::string::npos) << part.reason;
    }
}

// One product a message, so that rows are messages.
std::vector<std::string> one_product_each(int from, int to) {
    std::vector<std::string> bodies;
    for (int product = from; product < to; ++product) {
        bodies.push_back(item_of(product, 1, 0));
    }
    return bodies;
}

TEST_F(UpsertStockProgramTest, BuriesNothingWhilePostgresqlIsAway) {
    const auto worker = start_worker({"--batch", "5"});
    send(one_product_each(0, 300));
    ASSERT_TRUE(await([&] { return rows() >= 20; }));
    postgres_->stop();
    send(one_product_each(300, 400));
    EXPECT_TRUE(await([&] { return says(*worker, "store_away"); })) << worker->said();
    postgres_->start();
    ASSERT_TRUE(await([&] { return rows() >= 320; })) << worker->said();
    postgres_->kill();
    send(one_product_each(400, 500));
    postgres_->start();
    ASSERT_TRUE(await([&] { return rows() == 500; })) << worker->said();
    ASSERT_TRUE(await([&] { return broker_.messages("stock") == 0; })) << worker->said();
    EXPECT_TRUE(says(*worker, "store_back"));
    worker->signal(SIGTERM);
    EXPECT_EQ(worker->wait(), 0);
    EXPECT_EQ(broker_.messages("dlq-stock"), 0u);
    EXPECT_EQ(summary(*worker)["retried"], 0);
}

TEST_F(UpsertStockProgramTest, ReturnsWhatAKilledWorkerHeldAndBlamesOnlyWhatItHadStarted) {
    const auto worker = start_worker({"--batch", "4", "--visibility", "600"});
    send(one_product_each(0, 1));
    ASSERT_TRUE(await([&] { return rows() == 1; })) << worker->said();

    postgres_->freeze(true);
    send(one_product_each(1, 9));
    const bool held = await(
        [&] { return broker_.attribute("stock", "ApproximateNumberOfMessagesNotVisible") == "8"; });
    worker->signal(SIGKILL);
    EXPECT_EQ(worker->wait(), 128 + SIGKILL);
    postgres_->freeze(false);
    ASSERT_TRUE(held);

    client::QueueClient client(broker_.client_options());
    std::multimap<std::uint32_t, std::uint32_t> crashes_and_receives;
    while (crashes_and_receives.size() < 8) {
        const auto batch = client.receive({"stock", 10, 20s, 600s});
        ASSERT_TRUE(batch);
        ASSERT_FALSE(batch.value().messages.empty());
        for (const auto& message : batch.value().messages) {
            crashes_and_receives.emplace(message.crashes, message.receives);
        }
    }
    EXPECT_EQ(crashes_and_receives,
              (std::multimap<std::uint32_t, std::uint32_t>{
                  {0, 1}, {0, 1}, {0, 1}, {0, 1}, {1, 2}, {1, 2}, {1, 2}, {1, 2}}));
}

TEST_F(UpsertStockProgramTest, AnotherWorkerTakesOverFromAKilledOne) {
    auto first = start_worker({"--batch", "3", "--visibility", "600"});
    send(one_product_each(0, 400));
    ASSERT_TRUE(await([&] { return rows() >= 30; })) << first->said();
    first->signal(SIGKILL);
    first->wait();
    const auto second = start_worker({"--batch", "3", "--visibility", "600"});
    ASSERT_TRUE(await([&] { return broker_.messages("stock") == 0; })) << second->said();
    EXPECT_EQ(rows(), 400u);
    EXPECT_EQ(broker_.messages("dlq-stock"), 0u);
}

TEST_F(UpsertStockProgramTest, HandlesNothingTwiceWhenItIsAskedToStop) {
    send(one_product_each(0, 400));
    const auto first = start_worker({"--batch", "3"});
    ASSERT_TRUE(await([&] { return rows() >= 30; })) << first->said();
    first->signal(SIGTERM);
    ASSERT_EQ(first->wait(), 0) << first->said();
    EXPECT_EQ(summary(*first)["ending"], "stopped");
    const auto second = start_worker({"--once"});
    ASSERT_EQ(second->wait(), 0) << second->said();
    const int done = summary(*first)["done"].get<int>() + summary(*second)["done"].get<int>();
    EXPECT_EQ(done, 400);
    EXPECT_EQ(rows(), 400u);
}

TEST_F(UpsertStockProgramTest, EndsWith78WhenAPersonHasToAct) {
    send(one_product_each(0, 3));
    const auto without_url = start_worker_for("", {});
    EXPECT_EQ(without_url->wait(), 78) << without_url->said();
    const auto without_schema = start_worker_for(postgres_->url("postgres", "template1"), {});
    EXPECT_EQ(without_schema->wait(), 78) << without_schema->said();
    EXPECT_TRUE(says(*without_schema, "misconfigured"));
    EXPECT_EQ(broker_.messages("stock"), 3u);
}

}  // namespace
}  // namespace esteira

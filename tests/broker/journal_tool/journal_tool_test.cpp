#include <algorithm>
#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "tests/support/program.hpp"

namespace esteira::support {
namespace {

class JournalToolTest : public testing::Test {
protected:
    void SetUp() override {
        broker_.make_queue("stock");
        broker_.make_queue("orders");
        send("stock", {"one", "two"});
        send("orders", {"three"});
    }
    void send(const std::string& queue, const std::vector<std::string>& texts) {
        client::QueueClient client(broker_.client_options());
        std::vector<std::span<const std::byte>> bodies;
        for (const std::string& text : texts) {
            bodies.push_back(as_bytes(text));
        }
        ASSERT_TRUE(client.send(queue, bodies));
    }
    Ended journal(std::vector<std::string> words) {
        words.insert(words.begin(), "esteira-journal");
        return run_program(broker_, words);
    }
    std::vector<nlohmann::json> events(std::vector<std::string> words) {
        words.insert(words.begin(), {"dump", "--json"});
        const Ended ended = journal(words);
        EXPECT_EQ(ended.code, 0) << ended.err;
        std::vector<nlohmann::json> all;
        std::istringstream in(ended.out);
        for (std::string line; std::getline(in, line);) {
            all.push_back(nlohmann::json::parse(line));
        }
        return all;
    }
    std::string segment() const { return broker_.data() + "/journal/00000001.seg"; }

    BrokerProcess broker_;
};

TEST_F(JournalToolTest, ASoundJournalIsVerifiedWithWhatIsInIt) {
    ASSERT_EQ(broker_.stop(), 0);
    const Ended first = journal({"verify", "--json"});
    EXPECT_EQ(first.code, 0) << first.err;
    EXPECT_EQ(first.json()["verdict"], "sound");
    EXPECT_EQ(first.json()["messages"], 3);
    EXPECT_EQ(first.json()["queues"], 4);
    // It has changed nothing: the same again.
    EXPECT_EQ(journal({"verify", "--json"}).json(), first.json());
}

TEST_F(JournalToolTest, ALiveBrokersJournalCanBeRead) {
    EXPECT_EQ(journal({"stats"}).code, 0);
    EXPECT_EQ(events({"--queue", "orders"}).size(), 2u);
    EXPECT_EQ(broker_.messages("stock"), 2u);
}

TEST_F(JournalToolTest, DamageIsNamedByFileAndOffset) {
    ASSERT_EQ(broker_.stop(), 0);
    const auto all = events({});
    const std::string at = all.front()["position"];
    const std::uint64_t offset = std::stoull(at.substr(at.find(':') + 1));
    {
        std::fstream file(segment(), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(offset + 20));
        file.put('\x7f');
    }
    const Ended ended = journal({"verify", "--json"});
    EXPECT_EQ(ended.code, 79);
    EXPECT_EQ(ended.json()["verdict"], "damaged");
    const std::string fault = ended.json()["faults"][0];
    EXPECT_EQ(fault.rfind("journal/00000001.seg:" + std::to_string(offset - 64), 0), 0u) << fault;
    EXPECT_EQ(journal({"verify"}).code, 79);
}

TEST_F(JournalToolTest, ADumpShowsEventsByQueueAndBodiesOnlyWhenAsked) {
    ASSERT_EQ(broker_.stop(), 0);
    const auto stock = events({"--queue", "stock"});
    ASSERT_EQ(stock.size(), 3u);
    EXPECT_EQ(stock[0]["event"], "queue_made");
    EXPECT_EQ(stock[0]["name"], "stock");
    EXPECT_EQ(stock[1]["event"], "stored");
    EXPECT_EQ(stock[1]["body_bytes"], 3);
    EXPECT_EQ(stock[1]["body_sha256"],
              "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
    EXPECT_FALSE(stock[1].contains("body"));
    EXPECT_EQ(events({"--queue", "stock", "--bodies"})[1]["body"], "one");
    EXPECT_TRUE(events({"--from", "2"}).empty());
    const auto all = events({});
    EXPECT_TRUE(std::any_of(all.begin(), all.end(),
                            [](const auto& event) { return event["event"] == "noted"; }));
}

TEST_F(JournalToolTest, AFolderWithoutAJournalIsNotFound) {
    EXPECT_EQ(journal({"verify", "--data", broker_.folder()}).code, 3);
}

}  // namespace
}  // namespace esteira::support

#include <csignal>
#include <regex>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/integration/stock_line/farm.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres_proxy.hpp"

// Outages of every kind between a running worker and its database: nothing is buried, nothing is
// even counted against a message, and everything is written in the end.
namespace esteira::stock_line {
namespace {

using support::await;
using support::ChildProcess;

constexpr std::uint64_t kMaxReceives = 5;  // Of a queue that `esteira` made.

class StockOutageTest : public testing::Test {
protected:
    // A worker that is asked to stop says what it has done.
    static nlohmann::json stop(ChildProcess& worker) {
        worker.signal(SIGTERM);
        EXPECT_EQ(worker.wait(), 0) << worker.said();
        const std::string said = worker.said();
        const std::size_t at = said.rfind("{\"ending\"");
        if (at == std::string::npos) {
            ADD_FAILURE() << "no summary: " << said;
            return {};
        }
        return nlohmann::json::parse(said.substr(at, said.find('\n', at) - at));
    }
    static std::size_t times_said(const ChildProcess& worker, const std::string& event) {
        const std::string said = worker.said();
        const std::regex one("\"event\":\"" + event + "\"");
        return static_cast<std::size_t>(
            std::distance(std::sregex_iterator(said.begin(), said.end(), one), {}));
    }
    void expect_all_written_and_nothing_blamed(std::size_t products) {
        ASSERT_TRUE(await([&] { return farm_.drained(); })) << farm_.said();
        EXPECT_EQ(farm_.rows(), products);
        EXPECT_EQ(farm_.dead(), 0u);
        for (std::size_t i = 0; i < farm_.workers(); ++i) {
            EXPECT_EQ(stop(farm_.worker(i))["retried"], 0) << farm_.said();
        }
    }

    Farm farm_;
};

const std::vector<std::string> kShortPauses{"--batch", "10", "--set",
                                            "workers.upsert-stock.probe_s_max=1"};

TEST_F(StockOutageTest, SessionsThatAreTerminatedInALoopCostNoMessage) {
    farm_.start_worker(kShortPauses);
    farm_.start_worker(kShortPauses);
    auto admin = farm_.admin();
    int products = 0;
    std::int64_t terminated = 0;
    ASSERT_TRUE(await([&] {
        farm_.send(one_product_each(products, products + 20));
        products += 20;
        // Those that have had a moment to get to work.
        terminated += admin
                          .execute(
                              "SELECT count(*) FROM (SELECT pg_terminate_backend(pid)"
                              " FROM pg_stat_activity WHERE usename = 'esteira_worker_stock'"
                              " AND clock_timestamp() - backend_start > '50 ms') AS gone")
                          .integer(0, 0);
        return terminated >= 30;
    })) << terminated;
    expect_all_written_and_nothing_blamed(static_cast<std::size_t>(products));
}

TEST_F(StockOutageTest, AServerThatIsAwayForLongerThanTheLongestPauseCostsNoMessage) {
    support::PostgresProxy proxy(farm_.postgres());  // Counts how often the worker looks.
    farm_.start_worker(kShortPauses, proxy.url("esteira_worker_stock"));
    farm_.send(one_product_each(0, 100));
    ASSERT_TRUE(await([&] { return farm_.rows() >= 20; })) << farm_.said();
    farm_.postgres().stop();
    farm_.send(one_product_each(100, 200));
    // Pauses of 1/4, 1/2, 1, 1, ... s. Each look is two connections: libpq's, and one for the code.
    const std::uint64_t before = proxy.connections();
    ASSERT_TRUE(await([&] { return proxy.connections() >= before + 2 * (kMaxReceives + 2); }))
        << farm_.said();

    client::QueueClient client(farm_.broker().client_options());
    const auto waiting = client.receive({"stock", 200, Millis(10'000), Millis(60'000)});
    ASSERT_TRUE(waiting);
    EXPECT_GE(waiting.value().messages.size(), 100u) << "the worker holds them";
    for (const dialogue::Delivery& message : waiting.value().messages) {
        EXPECT_EQ(message.receives, 1u) << "the outage counts";
    }
    const dialogue::Receipt receipt = waiting.value().receipt;
    ASSERT_TRUE(client.settle({{receipt, 0, receipt.count, dialogue::Verdict::hand_back}}));

    farm_.postgres().start();
    expect_all_written_and_nothing_blamed(200);
}

TEST_F(StockOutageTest, ATableThatSomebodyHasLockedForLongCostsNoMessage) {
    auto somebody = farm_.admin();
    std::optional<postgres::Transaction> transaction(std::in_place, somebody);
    somebody.execute("LOCK TABLE esteira.estoque_posicao IN ACCESS EXCLUSIVE MODE");
    ChildProcess& worker =
        farm_.start_worker(kShortPauses, farm_.worker_url() + " options='-c lock_timeout=20ms'");
    farm_.send(one_product_each(0, 40));
    // More often than a message may be received.
    ASSERT_TRUE(await([&] {
        return times_said(worker, "store_away") > kMaxReceives + 1 || farm_.dead() > 0;
    })) << worker.said();
    transaction.reset();
    expect_all_written_and_nothing_blamed(40);
}

// A worker is stopped with its statement under way, for longer than its messages are hidden. Others
// write what it held, and something newer; then it wakes up and believes that all is as it was.
TEST_F(StockOutageTest, AWorkerThatSleptPastItsVisibilityHarmsNothingWhenItWakes) {
    support::PostgresProxy proxy(farm_.postgres());
    ChildProcess& sleeper =
        farm_.start_worker({"--visibility", "2"}, proxy.url("esteira_worker_stock"));
    farm_.send({item_of(0, 1, 10)});
    ASSERT_TRUE(await([&] { return farm_.drained(); })) << sleeper.said();

    proxy.hold(true);
    farm_.send({"[" + item_of(0, 2, 20) + "," + item_of(1, 2, 20) + R"(,{"bad":1}])"});
    ASSERT_TRUE(await([&] { return proxy.holds_something(); })) << sleeper.said();
    sleeper.signal(SIGSTOP);

    ChildProcess& other = farm_.start_worker();
    ASSERT_TRUE(await([&] { return farm_.drained(); })) << other.said();
    farm_.send({item_of(0, 3, 30), item_of(1, 3, 30)});
    ASSERT_TRUE(await([&] { return farm_.drained(); })) << other.said();
    const std::size_t writes = farm_.writes();
    EXPECT_EQ(writes, 5u);
    EXPECT_EQ(farm_.dead(), 1u);

    proxy.hold(false);
    sleeper.signal(SIGCONT);
    const auto woken = stop(sleeper);
    EXPECT_GE(woken["stale"], 1) << "its settling was taken: " << sleeper.said();
    EXPECT_EQ(farm_.writes(), writes) << "an older position was written over a newer one";
    EXPECT_EQ(farm_.dead(), 1u) << "the bad item was split off twice";
    EXPECT_TRUE(farm_.drained());
    EXPECT_EQ(stop(other)["stale"], 0);
}

}  // namespace
}  // namespace esteira::stock_line

#include <array>
#include <csignal>

#include <gtest/gtest.h>

#include "tests/integration/stock_line/farm.hpp"
#include "tests/support/await.hpp"

// A message over which every worker dies.
namespace esteira::stock_line {
namespace {

using support::await;

// Product 0 stands for it: its row is locked, so whoever is at work on it is seen, and killed.
TEST(StockCrashTest, AMessageThatKillsItsWorkersIsBuriedAloneAndItsNeighboursAreWritten) {
    Farm farm;
    auto admin = farm.admin();
    admin.run_script(
        "INSERT INTO esteira.estoque_posicao VALUES"
        " ('07890', '1001', 'x', 1, 't', '2024-01-01T00:00:00Z', '{}', now())");
    auto somebody = farm.admin();
    const postgres::Transaction transaction(somebody);
    somebody.execute("SELECT FROM esteira.estoque_posicao FOR UPDATE");
    farm.send(one_product_each(0, 5));

    const auto at_work = [&] {
        return admin
                   .execute(
                       "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                       " AND usename = 'esteira_worker_stock'")
                   .count() > 0;
    };
    const std::string url = farm.worker_url() + " options='-c lock_timeout=60s'";
    for (std::size_t death = 0; death < 4; ++death) {
        farm.start_worker({"--visibility", "600"}, url);
        ASSERT_TRUE(await(at_work)) << "death " << death << ": " << farm.said();
        if (death < 2) {
            EXPECT_EQ(farm.rows(), 1u) << "its neighbours were not in its batch";
        }
        farm.kill_worker(death);
        admin.run_script(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE usename = 'esteira_worker_stock'");
    }
    farm.start_worker({"--visibility", "600"}, url);
    ASSERT_TRUE(await([&] { return farm.drained(); })) << farm.said();
    EXPECT_EQ(farm.rows(), 5u);
    client::QueueClient client(farm.broker().client_options());
    const auto dead = client.receive({"dlq-stock", 10, Millis(0), Millis(60'000)});
    ASSERT_EQ(dead.value().messages.size(), 1u);
    EXPECT_EQ(as_text(dead.value().messages[0].body), item_of(0, 1, 0));
    EXPECT_TRUE(dead.value().messages[0].reason.starts_with("worker_crash"))
        << dead.value().messages[0].reason;
}

}  // namespace
}  // namespace esteira::stock_line

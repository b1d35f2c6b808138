#include <iterator>
#include <regex>

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include "tests/integration/faults/small_disk.hpp"
#include "tests/integration/stock_line/farm.hpp"
#include "tests/support/await.hpp"

namespace esteira::stock_line {
namespace {

using support::await;

TEST(StockFullDiskTest, AFullDiskOfTheDatabaseCostsNoMessage) {
    std::string why_not = "only root may mount and become PostgreSQL's user";
    const auto disk = geteuid() == 0 ? faults::SmallDisk::make(16, why_not) : nullptr;
    if (disk == nullptr) {
        GTEST_SKIP() << why_not;
    }
    const passwd* user = getpwnam("postgres");
    ASSERT_NE(user, nullptr);
    ASSERT_EQ(chown(disk->path().c_str(), user->pw_uid, user->pw_gid), 0);
    Farm farm;
    auto admin = farm.admin();
    admin.execute(("CREATE TABLESPACE small LOCATION '" + disk->path() + "'").c_str());
    admin.execute("ALTER TABLE esteira.estoque_posicao SET TABLESPACE small");
    disk->fill(0);

    support::ChildProcess& worker =
        farm.start_worker({"--batch", "10", "--set", "workers.upsert-stock.probe_s_max=1"});
    farm.send(one_product_each(0, 40));
    const std::regex away("\"event\":\"store_away\",\"reason\":\"PostgreSQL 53100");
    // More often than a message may be received.
    ASSERT_TRUE(await([&] {
        const std::string said = worker.said();
        return std::distance(std::sregex_iterator(said.begin(), said.end(), away), {}) > 6;
    })) << worker.said();
    EXPECT_EQ(farm.rows(), 0u);
    disk->release();
    ASSERT_TRUE(await([&] { return farm.drained(); })) << worker.said();
    EXPECT_EQ(farm.rows(), 40u);
    EXPECT_EQ(farm.dead(), 0u);
}

}  // namespace
}  // namespace esteira::stock_line

#include "producers/stock/messages.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/contracts/stock_position.hpp"

namespace esteira::stock {
namespace {

const contracts::Zone kZone = contracts::Zone::fixed(std::chrono::hours(-3));
const WallTime kNow = std::chrono::sys_days(std::chrono::year(2024) / 5 / 1);
const std::vector<std::string> kBranches = {"1001", "1002"};

std::vector<std::string> bodies(const std::vector<Product>& products, std::uint64_t seed) {
    MessageMaker maker(products, kBranches, seed);
    std::vector<std::string> all;
    while (!maker.done()) {
        all.push_back(maker.next(kNow, kZone));
    }
    EXPECT_EQ(all.size(), maker.messages_total());
    return all;
}

TEST(StockMessages, OneRunIsEveryProductOfEveryBranchInOrder) {
    const auto products = made_up_catalogue(1);
    const auto messages = bodies(products, 1);
    EXPECT_EQ(messages.size(), 58u);
    std::vector<contracts::StockPosition> items;
    for (const std::string& body : messages) {
        const auto read = contracts::parse_stock_positions(body, kZone, kNow);
        ASSERT_TRUE(read);
        EXPECT_LE(read.value().size(), 35u);
        for (const contracts::StockItem& item : read.value()) {
            items.push_back(item.value());
        }
    }
    ASSERT_EQ(items.size(), 2'000u);
    for (std::size_t i = 0; i < items.size(); ++i) {
        EXPECT_EQ(items[i].filial, kBranches[i / 1'000]);
        EXPECT_EQ(items[i].codigo_barra, products[i % 1'000].codigo_barra);
        EXPECT_EQ(items[i].nome_produto, products[i % 1'000].nome_produto);
        EXPECT_EQ(items[i].data_posicao, "2024-04-30 21:00:00");
    }
    const auto [least, most] = std::minmax_element(
        items.begin(), items.end(),
        [](const auto& a, const auto& b) { return a.qtd_estoque < b.qtd_estoque; });
    EXPECT_GE(least->qtd_estoque, 1);
    EXPECT_LT(least->qtd_estoque, 100);
    EXPECT_LE(most->qtd_estoque, 10'000);
    EXPECT_GT(most->qtd_estoque, 9'900);
}

TEST(StockMessages, AreTheSameForTheSameSeed) {
    const auto products = made_up_catalogue(1, 100);
    EXPECT_EQ(bodies(products, 5), bodies(products, 5));
    EXPECT_NE(bodies(products, 5), bodies(products, 6));
}

TEST(StockMessages, AMessageNeverHoldsTwoBranches) {
    EXPECT_EQ(bodies(made_up_catalogue(1, 1), 1).size(), 2u);
    EXPECT_EQ(bodies(made_up_catalogue(1, 35), 1).size(), 2u);
    EXPECT_EQ(bodies(made_up_catalogue(1, 36), 1).size(), 4u);
}

TEST(StockMessages, HoldAsManyItemsAsAskedFor) {
    const auto products = made_up_catalogue(1, 7);
    MessageMaker alone(products, kBranches, 1, 1);
    EXPECT_EQ(alone.messages_total(), 14u);
    MessageMaker maker(products, kBranches, 1, 3);
    EXPECT_EQ(maker.messages_total(), 6u);
    std::vector<std::size_t> sizes;
    while (!maker.done()) {
        const auto read = contracts::parse_stock_positions(maker.next(kNow, kZone), kZone, kNow);
        ASSERT_TRUE(read);
        sizes.push_back(read.value().size());
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 3, 1, 3, 3, 1}));
}

}  // namespace
}  // namespace esteira::stock

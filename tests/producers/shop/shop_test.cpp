#include "producers/shop/shop.hpp"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "common/contracts/shop.hpp"

namespace esteira::shop {
namespace {

using contracts::Cart;
using contracts::Customer;
using contracts::Order;
using contracts::OrderStatus;
using contracts::Product;

constexpr std::chrono::year_month_day kUntil{std::chrono::year(2026), std::chrono::January,
                                             std::chrono::day(31)};

class ShopTest : public testing::Test {
protected:
    Shop shop(std::uint64_t seed = 1, bool embed = false) const {
        return Shop({20, 30, 200, 40}, seed, kUntil, zone_, embed);
    }
    template <class Entity>
    Entity read(const std::string& text) const {
        const WallTime end = std::chrono::sys_days(kUntil);
        auto items = contracts::parse_shop(text, {zone_, end}, end);
        EXPECT_TRUE(items);
        EXPECT_TRUE(items.value().front()) << items.value().front().error().reason;
        return std::get<Entity>(std::move(items).value().front().value());
    }

    const contracts::Zone zone_ = contracts::Zone::fixed(std::chrono::hours(-3));
};

TEST_F(ShopTest, EverythingKeepsTheContract) {
    const Shop made = shop();
    for (std::uint64_t i = 0; i < 20; ++i) {
        EXPECT_EQ(read<Customer>(made.customer(i)).cliente_id.size(), 36u);
    }
    for (std::uint64_t i = 0; i < 30; ++i) {
        const auto product = read<Product>(made.product(i));
        EXPECT_GE(product.preco.centavos, 10'00);
        EXPECT_LE(product.preco.centavos, 1'000'00);
        EXPECT_GE(product.estoque, 1);
        EXPECT_LE(product.estoque, 100);
    }
    for (std::uint64_t i = 0; i < 40; ++i) {
        EXPECT_FALSE(read<Cart>(made.cart(i)).itens.empty());
    }
}

TEST_F(ShopTest, OrdersAndCartsBuyWhatThereIsAtItsPrice) {
    const Shop made = shop();
    std::map<std::string, std::int64_t> prices;
    std::set<std::string> customers;
    for (std::uint64_t i = 0; i < 30; ++i) {
        const auto product = read<Product>(made.product(i));
        prices[product.produto_id] = product.preco.centavos;
    }
    for (std::uint64_t i = 0; i < 20; ++i) {
        customers.insert(read<Customer>(made.customer(i)).cliente_id);
    }
    for (std::uint64_t i = 0; i < 200; ++i) {
        const auto order = read<Order>(made.order(i, 0));  // Which checks the total.
        EXPECT_TRUE(customers.contains(order.cliente_id));
        EXPECT_LE(order.itens.size(), 5u);
        for (const auto& line : order.itens) {
            EXPECT_EQ(prices.at(line.produto_id), line.preco_unitario.centavos);
        }
    }
    for (std::uint64_t i = 0; i < 40; ++i) {
        for (const auto& line : read<Cart>(made.cart(i)).itens) {
            EXPECT_EQ(prices.at(line.produto_id), line.preco_unitario.value().centavos);
        }
    }
}

TEST_F(ShopTest, TheVersionsOfAnOrderDifferInStatusAndTimeAlone) {
    const Shop made = shop();
    std::set<OrderStatus> endings;
    for (std::uint64_t i = 0; i < 200; ++i) {
        const std::uint64_t versions = made.versions_of(i);
        auto before = read<Order>(made.order(i, 0));
        EXPECT_EQ(before.status, OrderStatus::pendente);
        for (std::uint64_t version = 1; version < versions; ++version) {
            const auto after = read<Order>(made.order(i, version));
            EXPECT_EQ(after.pedido_id, before.pedido_id);
            EXPECT_EQ(after.data, before.data);
            EXPECT_EQ(after.total, before.total);
            EXPECT_GT(after.instante, before.instante);
            EXPECT_GT(after.status, before.status);
            before = after;
        }
        endings.insert(before.status);
    }
    EXPECT_EQ(endings.size(), 4u);
}

TEST_F(ShopTest, OrdersAreOfTheLastThirtyDaysAndBehindTheCountOfTheirProducts) {
    const Shop made = shop();
    const auto counted = read<Product>(made.product(0)).instante;
    const auto end =
        std::chrono::sys_days(kUntil) + std::chrono::hours(3);  // Midnight, three hours west.
    EXPECT_EQ(counted, end - std::chrono::days(31));
    for (std::uint64_t i = 0; i < 200; ++i) {
        const auto last = read<Order>(made.order(i, made.versions_of(i) - 1));
        EXPECT_GE(last.data.instant, end - std::chrono::days(30));
        EXPECT_LT(last.instante, end);
    }
}

TEST_F(ShopTest, TheSameSeedMakesTheSameShopAndAnotherSeedAnother) {
    EXPECT_EQ(shop().order(7, 0), shop().order(7, 0));
    EXPECT_EQ(shop().customer(3), shop().customer(3));
    EXPECT_NE(shop().customer(3), shop(2).customer(3));
    std::set<std::string> ids;
    for (std::uint64_t i = 0; i < 200; ++i) {
        ids.insert(read<Order>(shop().order(i, 0)).pedido_id);
    }
    EXPECT_EQ(ids.size(), 200u);
}

TEST_F(ShopTest, TheMadeUpTextsAreTheSameOnEveryMachine) {
    EXPECT_EQ(read<Customer>(shop().customer(0)).cliente_id,
              "95d9f5a2-d34e-4eec-b80c-657ce7f2790c");
}

TEST_F(ShopTest, AnOrderMayHoldItsCustomer) {
    EXPECT_FALSE(read<Order>(shop().order(0, 0)).cliente);
    const auto order = read<Order>(shop(1, true).order(0, 0));
    ASSERT_TRUE(order.cliente);
    EXPECT_EQ(order.cliente->cliente_id, order.cliente_id);
}

}  // namespace
}  // namespace esteira::shop

#include "workers/order_ingest/handler.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace esteira::order_ingest {
namespace {

using runtime::Delivery;
using runtime::Outcome;
using runtime::Verdict;

class FixedClock final : public Clock {
public:
    Now now() override { return {{}, std::chrono::sys_days(std::chrono::year(2024) / 5 / 10)}; }
};

// Refuses the customers whose name says so, as a trigger or a constraint would.
class FakeStore final : public ShopStore {
public:
    void require_ready() override { fail(); }
    std::size_t write(const ShopRows& rows) override {
        ++transactions;
        fail();
        for (const auto* row : rows.customers) {
            if (row->nome == "poison") {
                throw postgres::Error("no such luck", std::string("23514"), "c");
            }
        }
        for (const auto* row : rows.customers) {
            written.push_back("c " + row->cliente_id);
        }
        for (const auto* row : rows.products) {
            written.push_back("p " + row->produto_id);
        }
        for (const auto* row : rows.orders) {
            written.push_back("o " + row->pedido_id);
        }
        for (const auto* row : rows.carts) {
            written.push_back("k " + row->carrinho_id);
        }
        return rows.customers.size() + rows.products.size() + rows.orders.size() +
               rows.carts.size() - not_newer;
    }

    std::vector<std::string> written;
    std::size_t not_newer = 0;
    std::string down;  // SQLSTATE of every transaction.
    int transactions = 0;

private:
    void fail() const {
        if (!down.empty()) {
            throw postgres::Error("down", down);
        }
    }
};

std::string customer(const std::string& id, const std::string& name = "Ana") {
    return R"({"cliente_id":")" + id + R"(","nome":")" + name + R"("})";
}
const std::string kProduct = R"({"produto_id":"p","nome":"Café","preco":9.90,"estoque":3})";
std::string order(const std::string& total, const std::string& more = "") {
    return R"({"pedido_id":"o","cliente_id":"c","data":"2024-05-01 10:00:00","status":"Pendente",)"
           R"("total":)" +
           total + R"(,"itens":[{"produto_id":"p","quantidade":2,"preco_unitario":9.90}])" + more +
           "}";
}
const std::string kCart =
    R"({"carrinho_id":"k","cliente_id":"c","itens":[{"produto_id":"p","quantidade":1}],"total":1})";

class OrderIngestTest : public testing::Test {
protected:
    std::vector<Outcome> handle(const std::vector<std::string>& bodies) {
        std::vector<Delivery> batch;
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            const std::string_view id = *ids_.insert("m" + std::to_string(i)).first;
            batch.push_back({.body = bodies[i], .message_id = id, .origin_id = id});
        }
        return handler_.handle(batch);
    }
    std::uint64_t counter(std::string_view name) const {
        for (const runtime::Counter& counter : handler_.counters()) {
            if (counter.name == name) {
                return counter.value;
            }
        }
        return 0;
    }

    FixedClock clock_;
    std::set<std::string> ids_;
    FakeStore* store_ = new FakeStore;  // Owned by the handler.
    OrderIngest handler_{std::unique_ptr<ShopStore>(store_),
                         contracts::Zone::fixed(std::chrono::hours(-3)), clock_};
};

using Written = std::vector<std::string>;

TEST_F(OrderIngestTest, WritesABatchOfAllKindsInOneTransaction) {
    const auto outcomes =
        handle({"[" + customer("a") + "," + kProduct + "]", order("19.80"), kCart});
    EXPECT_EQ(outcomes, std::vector<Outcome>(3));
    EXPECT_EQ(store_->written, (Written{"c a", "p p", "o o", "k k"}));
    EXPECT_EQ(store_->transactions, 1);
    EXPECT_EQ(counter("written"), 4u);
}

TEST_F(OrderIngestTest, AnEmbeddedCustomerIsWrittenAsOne) {
    handle({order("19.80", R"(,"cliente":)" + customer("c"))});
    EXPECT_EQ(store_->written, (Written{"c c", "o o"}));
}

TEST_F(OrderIngestTest, AWrongTotalIsDeadWithBothFigures) {
    const auto outcomes = handle({order("19.81")});
    EXPECT_EQ(outcomes[0].verdict, Verdict::dead);
    EXPECT_EQ(outcomes[0].reason, "total 19.81 is not what its lines come to, 19.80");
    EXPECT_EQ(store_->transactions, 0);
}

TEST_F(OrderIngestTest, SplitsABadItemOffAndWritesItsNeighbours) {
    const auto outcomes = handle({"[" + customer("a") + "," + order("1") + "," + kCart + "]"});
    EXPECT_EQ(outcomes[0].verdict, Verdict::done);
    ASSERT_EQ(outcomes[0].sends.size(), 1u);
    EXPECT_EQ(outcomes[0].sends[0].origin_id, "m0/1");
    EXPECT_EQ(outcomes[0].sends[0].body, order("1"));
    EXPECT_EQ(store_->written, (Written{"c a", "k k"}));
    EXPECT_EQ(counter("bad_items"), 1u);
}

TEST_F(OrderIngestTest, IsolatesTheRowThatPostgresqlRefuses) {
    std::vector<std::string> bodies(200, customer("a"));
    bodies[77] = customer("bad", "poison");
    const auto outcomes = handle(bodies);
    EXPECT_EQ(outcomes[77].verdict, Verdict::dead);
    EXPECT_EQ(outcomes[77].reason, "PostgreSQL 23514 (c): no such luck");
    EXPECT_EQ(store_->written.size(), 199u);
    EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), Outcome{}), 199);
}

TEST_F(OrderIngestTest, CountsWhatWasNotNewer) {
    store_->not_newer = 2;
    handle({"[" + customer("a") + "," + customer("b") + "," + customer("c") + "]"});
    EXPECT_EQ(counter("written"), 1u);
    EXPECT_EQ(counter("not_newer"), 2u);
}

TEST_F(OrderIngestTest, AnOutageIsNoMessagesFault) {
    for (const char* sqlstate : {"57P01", "53100", "40P01", "08006"}) {
        store_->down = sqlstate;
        EXPECT_THROW(handle({customer("a")}), runtime::Unavailable) << sqlstate;
        EXPECT_THROW(handler_.start(), runtime::Unavailable) << sqlstate;
    }
    store_->down = "42P01";
    EXPECT_THROW(handle({customer("a")}), runtime::Misconfigured);
}

}  // namespace
}  // namespace esteira::order_ingest

#include "workers/upsert_stock/handler.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace esteira::upsert_stock {
namespace {

using contracts::StockPosition;
using runtime::Delivery;
using runtime::Outcome;
using runtime::Verdict;

class FixedClock final : public Clock {
public:
    Now now() override { return {{}, std::chrono::sys_days(std::chrono::year(2024) / 5 / 10)}; }
};

// Refuses the rows whose name says so, as a trigger or a constraint would.
class FakeStore final : public StockStore {
public:
    void require_ready() override { fail(); }
    std::size_t upsert(std::span<const StockPosition* const> rows) override {
        ++statements;
        fail();
        for (const StockPosition* row : rows) {
            if (row->nome_produto == "poison") {
                throw postgres::Error("no such luck", poison, "c");
            }
        }
        for (const StockPosition* row : rows) {
            written.push_back(row->codigo_barra + "=" + std::to_string(row->qtd_estoque));
        }
        return rows.size() - std::min(rows.size(), not_newer);
    }

    std::vector<std::string> written;
    std::size_t not_newer = 0;
    std::string poison = "23514";
    std::string down;  // SQLSTATE of every statement; "lost" for none.
    int statements = 0;

private:
    void fail() const {
        if (!down.empty()) {
            throw postgres::Error("down", down == "lost" ? "" : down);
        }
    }
};

// Keys are the codes; the second of the minute is the time.
std::string item(const std::string& code, int quantity, int second,
                 const std::string& name = "Arroz") {
    const std::string seconds = second < 10 ? "0" + std::to_string(second) : std::to_string(second);
    return contracts::write_stock_item(
        {code, "1001", name, quantity, "2024-05-01 10:00:" + seconds, {}, {}});
}

class UpsertStockTest : public testing::Test {
protected:
    std::vector<Outcome> handle(const std::vector<std::string>& bodies) {
        std::vector<Delivery> batch;
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            ids_.insert("m" + std::to_string(i));
            const std::string_view id = *ids_.find("m" + std::to_string(i));
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
    UpsertStock handler_{std::unique_ptr<StockStore>(store_),
                         contracts::Zone::fixed(std::chrono::hours(-3)), clock_};
};

using Written = std::vector<std::string>;

TEST_F(UpsertStockTest, WritesTheNewestOfEachKeyInTheOrderOfTheKeys) {
    const auto outcomes = handle({"[" + item("pear", 1, 5) + "," + item("apple", 2, 5) + "]",
                                  item("pear", 3, 9), item("pear", 4, 7)});
    EXPECT_EQ(outcomes, std::vector<Outcome>(3));
    EXPECT_EQ(store_->written, (Written{"apple=2", "pear=3"}));
    EXPECT_EQ(store_->statements, 1);
    EXPECT_EQ(counter("written"), 2u);
    EXPECT_EQ(counter("not_newer"), 2u);
}

TEST_F(UpsertStockTest, OfEqualTimesTheFirstThatArrivedCounts) {
    handle({item("pear", 1, 5), item("pear", 2, 5)});
    EXPECT_EQ(store_->written, (Written{"pear=1"}));
}

TEST_F(UpsertStockTest, ComparesTimesAsInstantsNotAsTexts) {
    std::string later = item("pear", 2, 0);
    later.replace(later.find("2024-05-01 10:00:00"), 19, "2024-05-01T08:30:00-06:00");
    handle({item("pear", 1, 59), later});
    EXPECT_EQ(store_->written, (Written{"pear=2"}));
}

TEST_F(UpsertStockTest, BuriesWhatItCannotReadAndKeepsTheRest) {
    const auto outcomes = handle({"???", item("pear", 1, 5), "{}", "[]"});
    EXPECT_EQ(outcomes[0].verdict, Verdict::dead);
    EXPECT_EQ(outcomes[0].reason, "the body is not JSON: byte 0: expected a value");
    EXPECT_EQ(outcomes[1], Outcome{});
    EXPECT_EQ(outcomes[2].reason, "codigo_barra is missing");
    EXPECT_EQ(outcomes[3], Outcome{});
    EXPECT_EQ(store_->written, (Written{"pear=1"}));
}

TEST_F(UpsertStockTest, SplitsABadItemOffUnderItsOriginAndIndex) {
    const auto outcomes =
        handle({"[" + item("a", 1, 5) + R"(, {"x":1} ,)" + item("b", 1, 5) + ",7]"});
    EXPECT_EQ(outcomes[0].verdict, Verdict::done);
    ASSERT_EQ(outcomes[0].sends.size(), 2u);
    EXPECT_EQ(outcomes[0].sends[0],
              (runtime::Send{"", R"({"x":1})", "m0/1", "codigo_barra is missing"}));
    EXPECT_EQ(outcomes[0].sends[1].origin_id, "m0/3");
    EXPECT_EQ(store_->written, (Written{"a=1", "b=1"}));
    EXPECT_EQ(counter("bad_items"), 2u);
}

TEST_F(UpsertStockTest, AMessageOfBadItemsAloneIsBuriedWhole) {
    const auto outcomes = handle({"[1,2]"});
    EXPECT_EQ(outcomes[0].verdict, Verdict::dead);
    EXPECT_EQ(outcomes[0].reason,
              "all 2 items are bad; the first: the item is a number; an object is expected");
    EXPECT_EQ(store_->statements, 0);
}

TEST_F(UpsertStockTest, IsolatesTheRowThatPostgresqlRefuses) {
    std::string body = "[" + item("bad", 1, 5, "poison");
    for (int i = 0; i < 499; ++i) {
        body += "," + item("k" + std::to_string(i), 1, 5);
    }
    const auto outcomes = handle({body + "]", item("bad", 2, 4, "poison")});
    EXPECT_EQ(store_->written.size(), 499u);
    EXPECT_LE(store_->statements, 25);
    ASSERT_EQ(outcomes[0].sends.size(), 1u);
    EXPECT_EQ(outcomes[0].sends[0].origin_id, "m0/0");
    EXPECT_EQ(outcomes[0].sends[0].reason, "PostgreSQL 23514 (c): no such luck");
    EXPECT_EQ(outcomes[1].verdict, Verdict::dead);
}

TEST_F(UpsertStockTest, ARefusedRowLeavesItsKeyToTheNextNewest) {
    handle({item("pear", 1, 5), item("pear", 2, 9, "poison"), item("pear", 3, 7)});
    EXPECT_EQ(store_->written, (Written{"pear=3"}));
    EXPECT_EQ(counter("written") + counter("not_newer") + counter("bad_items"), 3u);
}

TEST_F(UpsertStockTest, BlamesNoMessageForAnOutage) {
    for (const char* code : {"lost", "57P01", "53100", "25006", "40P01", "55P03", "57014"}) {
        store_->down = code;
        EXPECT_THROW(handle({item("pear", 1, 5)}), runtime::Unavailable) << code;
        EXPECT_THROW(handler_.start(), runtime::Unavailable) << code;
    }
}

TEST_F(UpsertStockTest, StopsWhenAPersonHasToAct) {
    for (const char* code : {"42P01", "42501", "28P01"}) {
        store_->down = code;
        EXPECT_THROW(handle({item("pear", 1, 5)}), runtime::Misconfigured) << code;
        EXPECT_THROW(handler_.start(), runtime::Misconfigured) << code;
    }
}

TEST_F(UpsertStockTest, AnUnknownCodeIsAnOutageThreeTimesAndThenPoison) {
    store_->poison = "P0001";
    for (int i = 0; i < 3; ++i) {
        EXPECT_THROW(handle({item("a", 1, 5, "poison"), item("b", 1, 5)}), runtime::Unavailable);
    }
    const auto outcomes = handle({item("a", 1, 5, "poison"), item("b", 1, 5)});
    EXPECT_EQ(outcomes[0].reason, "unknown_sqlstate: PostgreSQL P0001 (c): no such luck");
    EXPECT_EQ(outcomes[1], Outcome{});
    EXPECT_THROW(handle({item("a", 1, 5, "poison")}), runtime::Unavailable);
}

}  // namespace
}  // namespace esteira::upsert_stock

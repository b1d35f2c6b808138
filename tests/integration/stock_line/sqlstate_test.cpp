#include <atomic>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "common/config/config.hpp"
#include "tests/integration/stock_line/farm.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres_proxy.hpp"
#include "tests/workers/runtime/running_worker.hpp"
#include "workers/runtime/postgres_policy.hpp"

// What a worker does about each class of PostgreSQL's errors, with the real server: most are
// brought about as they come about in life, the others raised by a trigger.
namespace esteira::stock_line {
namespace {

using namespace std::chrono_literals;
using runtime::Ending;
using runtime::RunningWorker;
using support::await;
using Lost = support::PostgresProxy::Lost;

// More often than a message may be received, were it counted.
constexpr int kOften = 7;

// The handler of the product, and how often its store was away.
class WatchedHandler final : public runtime::Handler {
public:
    explicit WatchedHandler(const std::string& url) {
        config::Config config;
        config.postgres.url = Secret(url);
        handler_ = runtime::make_handler(config, clock_);
    }
    void start() override {
        watch([&] { handler_->start(); });
    }
    std::vector<runtime::Outcome> handle(std::span<const runtime::Delivery> batch) override {
        std::vector<runtime::Outcome> outcomes;
        watch([&] { outcomes = handler_->handle(batch); });
        return outcomes;
    }
    std::atomic<int> away{0};

private:
    template <class Action>
    void watch(Action action) {
        try {
            action();
        } catch (const runtime::Unavailable&) {
            ++away;
            throw;
        }
    }

    SystemClock clock_;
    std::unique_ptr<runtime::Handler> handler_;
};

// Refuses the marked product as often as it is told to; a sequence counts also what is rolled back.
constexpr const char* kFault = R"(
CREATE TABLE chk.fault (code text, times bigint);
CREATE SEQUENCE chk.tries;
CREATE FUNCTION chk.refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE fault chk.fault;
BEGIN
    SELECT * INTO fault FROM chk.fault;
    IF FOUND AND NEW.codigo_barra = '07893' AND nextval('chk.tries') <= fault.times THEN
        RAISE EXCEPTION 'planted' USING ERRCODE = fault.code;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON esteira.estoque_posicao
    FOR EACH ROW EXECUTE FUNCTION chk.refuse();
)";

class StockSqlstateTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        farm_ = std::make_unique<Farm>();
        sql(kFault);
    }
    static void TearDownTestSuite() { farm_.reset(); }
    void SetUp() override { begin(); }

    // A queue of its own, an empty table, and no fault.
    void begin() {
        static int number = 0;
        queue_ = "q" + std::to_string(++number);
        farm_->broker().make_queue(queue_, {{"RetryBaseMillis", "1"}});
        sql("TRUNCATE esteira.estoque_posicao, chk.history, chk.fault;"
            "ALTER SEQUENCE chk.tries RESTART");
    }
    static void sql(const std::string& text) { farm_->admin().run_script(text); }
    static void terminate_workers() {
        sql("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE usename = 'esteira_worker_stock'");
    }
    static void plant(const std::string& code, int times) {
        sql("INSERT INTO chk.fault VALUES ('" + code + "', " + std::to_string(times) + ")");
    }
    void send(const std::vector<std::string>& bodies) {
        std::vector<std::span<const std::byte>> views;
        for (const std::string& body : bodies) {
            views.push_back(as_bytes(body));
        }
        client::QueueClient client(farm_->broker().client_options());
        ASSERT_TRUE(client.send(queue_, views));
    }
    runtime::Options options() const {
        runtime::Options options = runtime::options_for(farm_->broker());
        options.queue = queue_;
        options.probe_least = 1ms;
        options.probe_most = 50ms;
        options.until_empty = 300ms;
        return options;
    }
    std::vector<std::string> dead_reasons() {
        client::QueueClient client(farm_->broker().client_options());
        const auto batch = client.receive({"dlq-" + queue_, 100, Millis(0), Millis(60'000)});
        std::vector<std::string> reasons;
        for (const dialogue::Delivery& message : batch.value().messages) {
            reasons.emplace_back(message.reason);
        }
        return reasons;
    }
    // Seven messages, a product each; all are written in the end and none was ever counted.
    void expect_outage(WatchedHandler& handler, const std::function<void()>& end_it) {
        RunningWorker worker(options(), handler);
        EXPECT_TRUE(await([&] { return handler.away >= kOften; }));
        end_it();
        EXPECT_EQ(worker.wait(), Ending::emptied);
        expect_nothing_blamed(worker);
    }
    void expect_nothing_blamed(const RunningWorker& worker) {
        EXPECT_EQ(worker.stats().done, 7u);
        EXPECT_EQ(worker.stats().retried, 0u);
        EXPECT_EQ(farm_->rows(), 7u);
        EXPECT_EQ(farm_->writes(), 7u) << "an effect was repeated";
        EXPECT_EQ(dead_reasons(), std::vector<std::string>{});
    }
    // The worker ends because a person has to act; all messages are still there, uncounted.
    void expect_misconfigured(WatchedHandler& handler) {
        RunningWorker worker(options(), handler);
        EXPECT_EQ(worker.wait(), Ending::misconfigured);
        EXPECT_EQ(worker.stats().done, 0u);
        EXPECT_EQ(dead_reasons(), std::vector<std::string>{});
        EXPECT_EQ(farm_->broker().messages(queue_), 7u);
        client::QueueClient client(farm_->broker().client_options());
        const auto batch = client.receive({queue_, 10, Millis(10'000), Millis(60'000)});
        ASSERT_TRUE(batch && !batch.value().messages.empty());
        EXPECT_EQ(batch.value().messages[0].receives, 1u);
    }
    // The message of the marked product dies for this reason; its neighbours are written.
    void expect_one_dead(WatchedHandler& handler, const std::string& reason) {
        RunningWorker worker(options(), handler);
        EXPECT_EQ(worker.wait(), Ending::emptied);
        EXPECT_EQ(worker.stats().done, 6u);
        EXPECT_EQ(worker.stats().retried, 0u);
        EXPECT_EQ(farm_->rows(), 6u);
        const auto reasons = dead_reasons();
        ASSERT_EQ(reasons.size(), 1u);
        EXPECT_TRUE(reasons[0].starts_with(reason)) << reasons[0];
    }

    static inline std::unique_ptr<Farm> farm_;
    std::string queue_;
};

TEST_F(StockSqlstateTest, ATransientErrorIsTriedAgainAtOnce) {
    for (const char* code : {"40001", "40P01", "55P03", "57014"}) {
        SCOPED_TRACE(code);
        begin();
        plant(code, postgres::kTransientTries - 1);
        send(one_product_each(0, 7));
        WatchedHandler handler(farm_->worker_url());
        RunningWorker worker(options(), handler);
        EXPECT_EQ(worker.wait(), Ending::emptied);
        EXPECT_EQ(handler.away, 0);
        expect_nothing_blamed(worker);
    }
}

TEST_F(StockSqlstateTest, WhatOutlastsTheTriesAndWhatIsTheServersOwnTroubleCostsNoMessage) {
    for (const char* code : {"40001", "40P01", "55P03", "57014", "08006", "53100", "53200", "53300",
                             "57P01", "57P02", "57P03", "58030", "25006", "XX000", "XX001"}) {
        SCOPED_TRACE(code);
        begin();
        plant(code, 1'000'000);
        send(one_product_each(0, 7));
        WatchedHandler handler(farm_->worker_url());
        expect_outage(handler, [] { sql("TRUNCATE chk.fault"); });
    }
}

TEST_F(StockSqlstateTest, AnErrorOfOneRowBuriesThatRowAlone) {
    for (const char* code : {"22001", "22003", "22007", "22008", "22021", "22P02", "22P05", "23502",
                             "23503", "23505", "23514", "21000"}) {
        SCOPED_TRACE(code);
        begin();
        plant(code, 1'000'000);
        send(one_product_each(0, 7));
        WatchedHandler handler(farm_->worker_url());
        expect_one_dead(handler, std::string("PostgreSQL ") + code + ": planted");
    }
}

TEST_F(StockSqlstateTest, AnUnknownErrorIsAnOutageThreeTimesAndThenBuriesItsRow) {
    plant("P0001", 1'000'000);
    send(one_product_each(0, 7));
    WatchedHandler handler(farm_->worker_url());
    expect_one_dead(handler, "unknown_sqlstate: PostgreSQL P0001: planted");
    EXPECT_EQ(handler.away, runtime::PostgresPolicy::kUnknownTries);
}

TEST_F(StockSqlstateTest, AnErrorThatAPersonMustMendEndsTheWorker) {
    for (const char* code : {"42501", "42703", "42P01", "3D000", "28000", "3F000"}) {
        SCOPED_TRACE(code);
        begin();
        plant(code, 1'000'000);
        send(one_product_each(0, 7));
        WatchedHandler handler(farm_->worker_url());
        expect_misconfigured(handler);
    }
}

// ------------------------------------------------------------------------------- as in real life

TEST_F(StockSqlstateTest, AStatementThatWasNeverHeardIsGivenAgain) {
    support::PostgresProxy proxy(farm_->postgres());
    send(one_product_each(0, 7));
    proxy.cut(Lost::request, 'B', "upsert_stock", kOften);
    WatchedHandler handler(proxy.url("esteira_worker_stock"));
    expect_outage(handler, [] {});
    EXPECT_EQ(proxy.cuts(), kOften);
}

TEST_F(StockSqlstateTest, AStatementWhoseAnswerIsLostHasItsEffectOnce) {
    support::PostgresProxy proxy(farm_->postgres());
    send(one_product_each(0, 7));
    proxy.cut(Lost::answer, 'B', "upsert_stock", kOften);
    WatchedHandler handler(proxy.url("esteira_worker_stock"));
    expect_outage(handler, [] {});
    EXPECT_EQ(proxy.cuts(), kOften);
}

TEST_F(StockSqlstateTest, ADeadlockWithSomebodyElseIsTriedAgain) {
    // Long enough for the other side of the deadlock to come about before the worker looks for it.
    sql("ALTER ROLE esteira_worker_stock SET lock_timeout = '60s';"
        "ALTER ROLE esteira_worker_stock SET deadlock_timeout = '3s'");
    const auto deadlocks = [&] {
        return farm_->admin()
            .execute("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'")
            .integer(0, 0);
    };
    const auto waits = [&](const char* who) {
        const std::array parameters{postgres::text(who)};
        return farm_->admin()
                   .execute(
                       "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                       " AND application_name = $1",
                       parameters)
                   .count() > 0;
    };
    send(one_product_each(0, 7));
    WatchedHandler first(farm_->worker_url());
    ASSERT_EQ(RunningWorker(options(), first).wait(), Ending::emptied);
    const std::int64_t before = deadlocks();

    auto somebody = farm_->admin();
    somebody.execute("SET deadlock_timeout = '1h'");  // So that the worker is the one who notices.
    postgres::Transaction transaction(somebody);
    somebody.execute(
        "UPDATE esteira.estoque_posicao SET qtd_estoque = 9 WHERE codigo_barra = "
        "'07896'");
    send({"[" + item_of(0, 2, 10) + "," + item_of(6, 2, 10) + "]"});
    WatchedHandler handler(farm_->worker_url());
    RunningWorker worker(options(), handler);
    ASSERT_TRUE(await([&] { return waits("esteira-worker-upsert-stock"); }));
    // Locks in the opposite order; it ends when the worker's transaction was given up.
    somebody.execute(
        "UPDATE esteira.estoque_posicao SET qtd_estoque = 9 WHERE codigo_barra = "
        "'07890'");
    transaction.commit();
    EXPECT_EQ(worker.wait(), Ending::emptied);
    EXPECT_EQ(worker.stats().done, 1u);
    EXPECT_EQ(worker.stats().retried, 0u);
    EXPECT_EQ(handler.away, 0);
    EXPECT_TRUE(await([&] { return deadlocks() > before; }));  // Statistics come later.
    EXPECT_EQ(farm_->admin()
                  .execute("SELECT count(*) FROM esteira.estoque_posicao WHERE qtd_estoque = 2")
                  .integer(0, 0),
              2);
    sql("ALTER ROLE esteira_worker_stock SET lock_timeout = '3s';"
        "ALTER ROLE esteira_worker_stock RESET deadlock_timeout");
}

TEST_F(StockSqlstateTest, AServerThatMayOnlyBeReadCostsNoMessage) {
    sql("ALTER ROLE esteira_worker_stock SET default_transaction_read_only = on");
    send(one_product_each(0, 7));
    WatchedHandler handler(farm_->worker_url());
    expect_outage(handler, [] {
        sql("ALTER ROLE esteira_worker_stock RESET default_transaction_read_only");
        terminate_workers();
    });
}

TEST_F(StockSqlstateTest, AServerWithoutRoomForAConnectionCostsNoMessage) {
    sql("ALTER ROLE esteira_worker_stock CONNECTION LIMIT 0");
    send(one_product_each(0, 7));
    WatchedHandler handler(farm_->worker_url());
    expect_outage(handler, [] { sql("ALTER ROLE esteira_worker_stock CONNECTION LIMIT 20"); });
}

TEST_F(StockSqlstateTest, APrivilegeThatWasTakenAwayEndsTheWorker) {
    sql("REVOKE INSERT ON esteira.estoque_posicao FROM esteira_worker_stock");
    send(one_product_each(0, 7));
    WatchedHandler handler(farm_->worker_url());
    expect_misconfigured(handler);
    sql("GRANT INSERT ON esteira.estoque_posicao TO esteira_worker_stock");
}

TEST_F(StockSqlstateTest, ARoleThatMayNotLogInEndsTheWorker) {
    sql("ALTER ROLE esteira_worker_stock NOLOGIN");
    send(one_product_each(0, 7));
    WatchedHandler handler(farm_->worker_url());
    RunningWorker worker(options(), handler);
    EXPECT_EQ(worker.wait(), Ending::misconfigured);
    EXPECT_EQ(farm_->broker().messages(queue_), 7u);
    sql("ALTER ROLE esteira_worker_stock LOGIN");
}

TEST_F(StockSqlstateTest, AColumnThatIsGoneEndsTheWorker) {
    sql("ALTER TABLE esteira.estoque_posicao RENAME COLUMN data_posicao TO renamed");
    send(one_product_each(0, 7));
    WatchedHandler handler(farm_->worker_url());
    expect_misconfigured(handler);
    sql("ALTER TABLE esteira.estoque_posicao RENAME COLUMN renamed TO data_posicao");
}

TEST_F(StockSqlstateTest, AConstraintOfSomebodyElseBuriesTheRowThatBreaksIt) {
    sql("ALTER TABLE esteira.estoque_posicao ADD CONSTRAINT theirs CHECK (codigo_barra <> "
        "'07893')");
    send(one_product_each(0, 7));
    WatchedHandler handler(farm_->worker_url());
    expect_one_dead(handler, "PostgreSQL 23514 (theirs): ");
    sql("ALTER TABLE esteira.estoque_posicao DROP CONSTRAINT theirs");
}

TEST_F(StockSqlstateTest, AUniqueIndexOfSomebodyElseBuriesTheRowThatBreaksIt) {
    sql("CREATE UNIQUE INDEX theirs ON esteira.estoque_posicao"
        " ((CASE WHEN codigo_barra IN ('07892', '07893') THEN 1 END))");
    send(one_product_each(0, 7));
    WatchedHandler handler(farm_->worker_url());
    expect_one_dead(handler, "PostgreSQL 23505 (theirs): ");
    sql("DROP INDEX esteira.theirs");
}

TEST_F(StockSqlstateTest, OneBadRowAmongFiveHundredIsSplitOffAlone) {
    plant("22001", 1'000'000);
    std::string body = "[" + item_of(0, 1, 0);
    for (int product = 1; product < 500; ++product) {
        body += "," + item_of(product, 1, 0);
    }
    send({body + "]"});
    WatchedHandler handler(farm_->worker_url());
    RunningWorker worker(options(), handler);
    EXPECT_EQ(worker.wait(), Ending::emptied);
    EXPECT_EQ(farm_->rows(), 499u);
    client::QueueClient client(farm_->broker().client_options());
    const auto dead = client.receive({"dlq-" + queue_, 10, Millis(0), Millis(60'000)});
    ASSERT_EQ(dead.value().messages.size(), 1u);
    EXPECT_EQ(as_text(dead.value().messages[0].body), item_of(3, 1, 0));
    EXPECT_TRUE(dead.value().messages[0].origin.ends_with("/3"));
}

}  // namespace
}  // namespace esteira::stock_line

#include "workers/upsert_stock/store.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/config/config.hpp"
#include "tests/support/private_postgres.hpp"
#include "workers/db/migrator.hpp"
#include "workers/runtime/handler.hpp"

namespace esteira::upsert_stock {
namespace {

using contracts::Instant;
using contracts::StockPosition;

Instant at(int second) {
    return std::chrono::sys_days(std::chrono::year(2024) / 5 / 1) + std::chrono::seconds(second);
}

StockPosition position(const std::string& code, std::int32_t quantity, int second) {
    return {code,
            "1001",
            "Feijão",
            quantity,
            "t" + std::to_string(second),
            at(second),
            "{\"q\": " + std::to_string(quantity) + "}"};
}

class StockStoreTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        server_ = std::make_unique<support::PrivatePostgres>();
        auto connection = admin();
        db::migrate(connection, db::shipped_migrations());
    }
    static void TearDownTestSuite() { server_.reset(); }
    void SetUp() override { admin().execute("TRUNCATE esteira.estoque_posicao"); }

    static postgres::Connection admin() { return postgres::Connection({server_->url(), "test"}); }
    static std::string url() { return server_->url("esteira_worker_stock"); }

    static std::size_t upsert(StockStore& store, std::vector<StockPosition> rows) {
        std::vector<const StockPosition*> pointers;
        for (const StockPosition& row : rows) {
            pointers.push_back(&row);
        }
        return store.upsert(pointers);
    }
    // All rows, one line each.
    static std::string table() {
        const auto rows = admin().execute(
            "SELECT concat_ws('|', codigo_barra, filial, nome_produto, qtd_estoque, data_posicao,"
            " extract(epoch FROM instante - '2024-05-01T00:00:00Z')::int, item)"
            " FROM esteira.estoque_posicao ORDER BY codigo_barra, filial");
        std::string lines;
        for (int row = 0; row < rows.count(); ++row) {
            lines += std::string(rows.text(row, 0)) + "\n";
        }
        return lines;
    }

    static inline std::unique_ptr<support::PrivatePostgres> server_;
};

TEST_F(StockStoreTest, KeepsTheStrictlyNewerPosition) {
    PostgresStockStore store({url(), "test"});
    store.require_ready();
    EXPECT_EQ(upsert(store, {position("01", 5, 10), position("02", 6, 10)}), 2u);
    EXPECT_EQ(upsert(store, {position("01", 7, 9), position("02", 8, 10)}), 0u);
    EXPECT_EQ(table(), "01|1001|Feijão|5|t10|10|{\"q\": 5}\n02|1001|Feijão|6|t10|10|{\"q\": 6}\n");
    EXPECT_EQ(upsert(store, {position("01", 9, 11)}), 1u);
    EXPECT_EQ(table(), "01|1001|Feijão|9|t11|11|{\"q\": 9}\n02|1001|Feijão|6|t10|10|{\"q\": 6}\n");
}

// Sorted keys are what keeps them from deadlocking; in opposite order they do (F41).
TEST_F(StockStoreTest, RacingWritersLeaveTheNewestAndNeverDeadlock) {
    constexpr int kRounds = 60;
    constexpr int kWriters = 4;
    std::vector<std::thread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
        writers.emplace_back([writer] {
            PostgresStockStore store({url(), "test"});
            for (int round = 0; round < kRounds; ++round) {
                // Half of the writers go forward in time and half backward.
                const int second =
                    (writer % 2 == 0 ? round : kRounds - 1 - round) * kWriters + writer;
                std::vector<StockPosition> rows;
                for (int key = 10; key < 60; ++key) {
                    rows.push_back(position(std::to_string(key), second, second));
                }
                EXPECT_NO_THROW(upsert(store, rows));
            }
        });
    }
    for (std::thread& writer : writers) {
        writer.join();
    }
    const auto rows = admin().execute(
        "SELECT count(*), min(qtd_estoque), max(qtd_estoque) FROM esteira.estoque_posicao");
    EXPECT_EQ(rows.integer(0, 0), 50);
    EXPECT_EQ(rows.integer(0, 1), kRounds * kWriters - 1);
    EXPECT_EQ(rows.integer(0, 2), kRounds * kWriters - 1);
    EXPECT_EQ(admin()
                  .execute("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'")
                  .integer(0, 0),
              0);
}

TEST_F(StockStoreTest, TwoConnectionsWithTheSameKeysInOppositeOrderOfTimeAgree) {
    PostgresStockStore one({url(), "test"});
    PostgresStockStore other({url(), "test"});
    upsert(one, {position("a", 1, 1), position("b", 2, 2)});
    upsert(other, {position("a", 3, 2), position("b", 4, 1)});
    EXPECT_EQ(table(), "a|1001|Feijão|3|t2|2|{\"q\": 3}\nb|1001|Feijão|2|t2|2|{\"q\": 2}\n");
}

TEST_F(StockStoreTest, ALockThatIsHeldTooLongIsTransientNotPoison) {
    auto blocker = admin();
    postgres::Transaction transaction(blocker);
    blocker.execute("LOCK TABLE esteira.estoque_posicao IN ACCESS EXCLUSIVE MODE");
    PostgresStockStore store({url() + " options='-c lock_timeout=20ms'", "test"});
    try {
        upsert(store, {position("a", 1, 1)});
        FAIL() << "written under a lock";
    } catch (const postgres::Error& error) {
        EXPECT_EQ(error.sqlstate(), "55P03");
    }
}

TEST_F(StockStoreTest, ConnectsAgainAfterTheServerDied) {
    PostgresStockStore store({url(), "test"});
    upsert(store, {position("a", 1, 1)});
    server_->kill();
    for (int i = 0; i < 2; ++i) {
        try {
            upsert(store, {position("a", 2, 2)});
            FAIL() << "written while the server was away";
        } catch (const postgres::Error& error) {
            EXPECT_EQ(error.error_class(), postgres::ErrorClass::infrastructure);
        }
    }
    server_->start();
    EXPECT_EQ(upsert(store, {position("a", 2, 2)}), 1u);
    EXPECT_EQ(table(), "a|1001|Feijão|2|t2|2|{\"q\": 2}\n");
}

// The whole worker type but for the broker: what the runtime will do with a batch.
TEST_F(StockStoreTest, TheHandlerOfTheConfigurationWritesItemsAndSplitsOffBadOnes) {
    config::Config config;
    config.postgres.url = Secret(url());
    SystemClock clock;
    const auto handler = runtime::make_handler(config, clock);
    handler->start();
    const std::string body =
        R"([{"codigo_barra":"0789","nome_produto":"Pão","filial":"1002","qtd_estoque":3,)"
        R"("data_atulizacao_posicao_estoque":"2024-05-01 10:00:00", "x": [1e999]},)"
        R"( {"y":"\u0000"}])";
    const std::vector<runtime::Delivery> batch{{.body = body, .message_id = "m", .origin_id = "o"}};
    for (int i = 0; i < 2; ++i) {
        const auto outcomes = handler->handle(batch);
        EXPECT_EQ(outcomes.at(0).verdict, runtime::Verdict::done);
        ASSERT_EQ(outcomes[0].sends.size(), 1u);
        EXPECT_EQ(outcomes[0].sends[0].origin_id, "o/1");
    }
    EXPECT_EQ(table(),
              "0789|1002|Pão|3|2024-05-01 10:00:00|46800|"
              R"({"codigo_barra":"0789","nome_produto":"Pão","filial":"1002","qtd_estoque":3,)"
              R"("data_atulizacao_posicao_estoque":"2024-05-01 10:00:00", "x": [1e999]})"
              "\n");
}

TEST_F(StockStoreTest, AWorkerWithoutTheRightSchemaDoesNotStart) {
    auto connection = admin();
    connection.execute("UPDATE esteira.schema_version SET version = 99 WHERE version = 2");
    config::Config config;
    config.postgres.url = Secret(url());
    SystemClock clock;
    EXPECT_THROW(runtime::make_handler(config, clock)->start(), runtime::Misconfigured);
    connection.execute("UPDATE esteira.schema_version SET version = 2 WHERE version = 99");
    EXPECT_NO_THROW(runtime::make_handler(config, clock)->start());
    config.postgres.url = Secret("");
    EXPECT_THROW(runtime::make_handler(config, clock), runtime::Misconfigured);
}

// The model in another language: PostgreSQL's own reading of local times, every half hour around
// each change of the clocks in twenty years.
TEST_F(StockStoreTest, LocalTimesAreReadAsPostgresqlReadsThem) {
    for (const char* name : {"America/Sao_Paulo", "America/New_York", "UTC"}) {
        const auto zone = contracts::Zone::load(name).value();
        const auto rows = admin().execute(
            (std::string("SELECT to_char(t, 'YYYY-MM-DD HH24:MI:SS'),"
                         " extract(epoch FROM t AT TIME ZONE '") +
             name +
             "')::bigint FROM generate_series(timestamp '2000-01-01', '2026-01-01', '30 min') t"
             " WHERE extract(month FROM t) IN (2, 3, 10, 11)")
                .c_str());
        ASSERT_GT(rows.count(), 100'000);
        for (int row = 0; row < rows.count(); ++row) {
            const auto read = contracts::parse_time(rows.text(row, 0), zone);
            ASSERT_EQ(read.value().time_since_epoch().count() / 1'000'000, rows.integer(row, 1))
                << name << " " << rows.text(row, 0);
        }
    }
}

}  // namespace
}  // namespace esteira::upsert_stock

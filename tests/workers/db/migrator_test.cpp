#include "workers/db/migrator.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/postgres/schema.hpp"
#include "tests/support/private_postgres.hpp"
#include "workers/db/maintenance.hpp"

namespace esteira::db {
namespace {

// Every test has a database of its own in one cluster.
class MigratorTest : public testing::Test {
protected:
    static void SetUpTestSuite() { server_ = std::make_unique<support::PrivatePostgres>(); }
    static void TearDownTestSuite() { server_.reset(); }

    void SetUp() override {
        static int number = 0;
        database_ = "d" + std::to_string(++number);
        postgres::Connection({server_->url(), "test"}).run_script("CREATE DATABASE " + database_);
    }
    postgres::Connection open(const std::string& user = "postgres") {
        return postgres::Connection({server_->url(user, database_), "test"});
    }
    static std::string sqlstate_of(postgres::Connection& connection, const char* sql) {
        try {
            connection.execute(sql);
        } catch (const postgres::Error& error) {
            return error.sqlstate();
        }
        return "";
    }

    static inline std::unique_ptr<support::PrivatePostgres> server_;
    std::string database_;
};

TEST_F(MigratorTest, BringsAnEmptyDatabaseToTheVersionOfThisBuildOnce) {
    auto connection = open();
    EXPECT_EQ(postgres::schema_version(connection), 0);
    EXPECT_THROW(postgres::require_ready(connection), postgres::Error);
    EXPECT_EQ(migrate(connection, shipped_migrations()).size(), shipped_migrations().size());
    EXPECT_EQ(postgres::schema_version(connection), postgres::kSchemaVersion);
    EXPECT_NO_THROW(postgres::require_ready(connection));
    EXPECT_EQ(migrate(connection, shipped_migrations()), std::vector<std::int64_t>{});
    for (const auto& one : status(connection, shipped_migrations())) {
        EXPECT_EQ(one.state, MigrationState::applied) << one.name;
        EXPECT_EQ(one.applied_at.size(), 20u);
    }
}

TEST_F(MigratorTest, OfSeveralAtOnceEachMigrationIsAppliedByOne) {
    std::vector<std::size_t> applied(4);
    std::vector<std::thread> threads;
    for (std::size_t& count : applied) {
        threads.emplace_back([&] {
            auto connection = open();
            count = migrate(connection, shipped_migrations()).size();
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::size_t sum = 0;
    for (const std::size_t count : applied) {
        sum += count;
    }
    EXPECT_EQ(sum, shipped_migrations().size());
}

TEST_F(MigratorTest, RefusesAHistoryThatDoesNotFit) {
    auto connection = open();
    migrate(connection, shipped_migrations());
    auto edited = shipped_migrations();
    edited.back().sql += "\n";
    EXPECT_THROW(migrate(connection, edited), HistoryConflict);
    EXPECT_EQ(status(connection, edited).back().state, MigrationState::changed);
    auto older = shipped_migrations();
    older.pop_back();
    EXPECT_THROW(migrate(connection, older), HistoryConflict);
    EXPECT_EQ(status(connection, older).back().state, MigrationState::unknown);
}

TEST_F(MigratorTest, AMigrationThatFailsLeavesNothingOfItself) {
    auto connection = open();
    auto migrations = shipped_migrations();
    const auto next = static_cast<std::int64_t>(migrations.size()) + 1;
    migrations.push_back({next, "broken", "CREATE TABLE esteira.half (n int); SELECT 1 / 0;"});
    EXPECT_THROW(migrate(connection, migrations), postgres::Error);
    EXPECT_EQ(postgres::schema_version(connection), next - 1);
    EXPECT_EQ(sqlstate_of(connection, "SELECT FROM esteira.half"), "42P01");
}

TEST_F(MigratorTest, AWorkerMayWriteItsTableAndNothingElse) {
    auto owner = open();
    migrate(owner, shipped_migrations());
    auto worker = open("esteira_worker_stock");
    EXPECT_NO_THROW(postgres::require_ready(worker));
    EXPECT_EQ(sqlstate_of(worker, "SELECT FROM estoque_posicao"), "");
    EXPECT_EQ(sqlstate_of(worker, "DELETE FROM estoque_posicao"), "42501");
    EXPECT_EQ(sqlstate_of(worker, "TRUNCATE estoque_posicao"), "42501");
    EXPECT_EQ(sqlstate_of(worker, "CREATE TABLE x (n int)"), "42501");
    EXPECT_EQ(sqlstate_of(worker, "CREATE TABLE public.x (n int)"), "42501");
    EXPECT_EQ(sqlstate_of(worker, "CREATE TEMP TABLE x (n int)"), "42501");
    EXPECT_EQ(sqlstate_of(worker, "UPDATE schema_version SET version = 9"), "42501");
    EXPECT_EQ(worker.execute("SHOW statement_timeout").text(0, 0), "15s");
    EXPECT_EQ(worker.execute("SHOW lock_timeout").text(0, 0), "3s");
}

TEST_F(MigratorTest, AReaderMayReadAndNothingElse) {
    auto owner = open();
    migrate(owner, shipped_migrations());
    auto reader = open("esteira_readonly");
    EXPECT_EQ(sqlstate_of(reader, "SELECT FROM estoque_posicao"), "");
    EXPECT_EQ(sqlstate_of(reader, "UPDATE estoque_posicao SET qtd_estoque = 1"), "25006");
    reader.execute("SET default_transaction_read_only = off");
    EXPECT_EQ(sqlstate_of(reader, "UPDATE estoque_posicao SET qtd_estoque = 1"), "42501");
}

TEST_F(MigratorTest, AServerThatMayLoseCommitsIsRefused) {
    auto connection = open();
    migrate(connection, shipped_migrations());
    connection.execute("SET synchronous_commit = off");
    EXPECT_EQ(postgres::durability_flaws(connection),
              std::vector<std::string>{"synchronous_commit is off"});
    EXPECT_THROW(postgres::require_ready(connection), postgres::Error);
}

TEST_F(MigratorTest, MaintainReclaimsWhatUpdatesLeftBehind) {
    auto connection = open();
    migrate(connection, shipped_migrations());
    const auto dead_rows = [&] {
        return connection
            .execute(
                "SELECT n_dead_tup FROM pg_stat_user_tables"
                " WHERE relname = 'estoque_posicao'")
            .integer(0, 0);
    };
    connection.execute(
        "INSERT INTO esteira.estoque_posicao (codigo_barra, filial, nome_produto, qtd_estoque,"
        " data_posicao, instante, item) SELECT n::text, '1001', 'Arroz', 1, '', now(), '{}'"
        " FROM generate_series(1, 1000) n");
    connection.execute("UPDATE esteira.estoque_posicao SET qtd_estoque = 2");
    connection.execute("SELECT pg_stat_force_next_flush()");
    ASSERT_EQ(dead_rows(), 1'000);
    const auto done = maintain(connection);
    const auto stock = std::find_if(done.begin(), done.end(), [](const TableCare& care) {
        return care.table == "estoque_posicao";
    });
    ASSERT_NE(stock, done.end());
    EXPECT_EQ(stock->rows, 1'000);
    EXPECT_EQ(stock->dead_rows, 1'000);
    EXPECT_GT(stock->bytes, 0);
    connection.execute("SELECT pg_stat_force_next_flush()");
    EXPECT_EQ(dead_rows(), 0);
}

}  // namespace
}  // namespace esteira::db

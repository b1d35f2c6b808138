#include "common/postgres/connection.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/private_postgres.hpp"

namespace esteira::postgres {
namespace {

class ConnectionTest : public testing::Test {
protected:
    static void SetUpTestSuite() { server_ = std::make_unique<support::PrivatePostgres>(); }
    static void TearDownTestSuite() { server_.reset(); }

    static Connection open(Millis answer_max = Millis(20'000)) {
        return Connection({server_->url(), "test", answer_max});
    }
    // The error that `action` ends with.
    template <class Action>
    static Error error_of(Action action) {
        try {
            action();
        } catch (const Error& error) {
            return error;
        }
        ADD_FAILURE() << "no error";
        return Error("none", "00000");
    }

    static inline std::unique_ptr<support::PrivatePostgres> server_;
};

TEST_F(ConnectionTest, ValuesTravelUnchangedBesideTheSql) {
    Connection connection = open();
    const std::string odd = "'; DROP TABLE x; -- \\ \" { } , NULL ç \U0001F600";
    const Instant time =
        std::chrono::sys_days(std::chrono::year(2024) / 5 / 1) + std::chrono::microseconds(1);
    const std::array parameters{text(odd), integer(-9007199254740993), instant(time), null()};
    const Rows rows = connection.execute(
        "SELECT $1, $2, to_char($3 AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), $4::text",
        parameters);
    EXPECT_EQ(rows.text(0, 0), odd);
    EXPECT_EQ(rows.integer(0, 1), -9007199254740993);
    EXPECT_EQ(rows.text(0, 2), "2024-05-01 00:00:00.000001");
    EXPECT_TRUE(rows.is_null(0, 3));
}

TEST_F(ConnectionTest, ArraysArriveElementByElement) {
    Connection connection = open();
    const std::vector<std::string> texts = {"", "NULL", "a,b", "{\"x\"}", "\\", "ç"};
    const std::vector<std::int32_t> numbers = {0, -1, 2147483647, 3, 4, 5};
    const auto as_is = [](const auto& value) { return value; };
    const auto view = [](const std::string& value) { return std::string_view(value); };
    const std::array parameters{array_of(ElementType::text, texts, view),
                                array_of(ElementType::integer, numbers, as_is)};
    const Rows rows =
        connection.execute("SELECT * FROM unnest($1::text[], $2::int4[])", parameters);
    ASSERT_EQ(rows.count(), 6);
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(rows.text(i, 0), texts[static_cast<std::size_t>(i)]);
        EXPECT_EQ(rows.integer(i, 1), numbers[static_cast<std::size_t>(i)]);
    }
}

TEST_F(ConnectionTest, AnEmptyArrayHasNoRows) {
    Connection connection = open();
    const std::array parameters{ArrayBuilder(ElementType::json).take(),
                                ArrayBuilder(ElementType::instant).take()};
    const Rows rows =
        connection.execute("SELECT * FROM unnest($1::json[], $2::timestamptz[])", parameters);
    EXPECT_EQ(rows.count(), 0);
}

TEST_F(ConnectionTest, AnErrorNamesCodeAndColumnAndTheConnectionGoesOn) {
    Connection connection = open();
    connection.execute("CREATE TEMP TABLE strict (name text NOT NULL, n int CHECK (n > 0))");
    const Error missing =
        error_of([&] { connection.execute("INSERT INTO strict (n) VALUES (1)"); });
    EXPECT_EQ(missing.sqlstate(), "23502");
    EXPECT_EQ(missing.column(), "name");
    EXPECT_EQ(missing.error_class(), ErrorClass::data);
    const Error check = error_of([&] { connection.execute("INSERT INTO strict VALUES ('x', 0)"); });
    EXPECT_EQ(check.column(), "strict_n_check");
    EXPECT_TRUE(connection.healthy());
    EXPECT_EQ(connection.execute("INSERT INTO strict VALUES ('x', 1), ('y', 2)").affected(), 2);
}

TEST_F(ConnectionTest, ATextWithAZeroByteIsRefusedNotCut) {
    Connection connection = open();
    const std::array parameters{text(std::string_view("a\0b", 3))};
    EXPECT_EQ(error_of([&] { connection.execute("SELECT $1", parameters); }).sqlstate(), "22021");
}

TEST_F(ConnectionTest, AStatementIsPreparedOnceAndRunOften) {
    Connection connection = open();
    const Statement statement{"add_one", "SELECT $1 + 1"};
    for (int i = 0; i < 10; ++i) {
        const std::array parameters{integer(i)};
        EXPECT_EQ(connection.execute(statement, parameters).integer(0, 0), i + 1);
    }
    EXPECT_EQ(connection.execute("SELECT count(*) FROM pg_prepared_statements").integer(0, 0), 1);
}

TEST_F(ConnectionTest, ATransactionThatIsNotCommittedNeverWas) {
    Connection connection = open();
    connection.execute("CREATE TEMP TABLE kept (n int)");
    {
        Transaction transaction(connection);
        connection.execute("INSERT INTO kept VALUES (1)");
    }
    {
        Transaction transaction(connection);
        connection.execute("INSERT INTO kept VALUES (2)");
        transaction.commit();
    }
    EXPECT_EQ(connection.execute("SELECT sum(n) FROM kept").integer(0, 0), 2);
}

TEST_F(ConnectionTest, ACommitAfterAFailedStatementIsAnError) {
    Connection connection = open();
    Transaction transaction(connection);
    error_of([&] { connection.execute("SELECT 1 / 0"); });
    EXPECT_EQ(error_of([&] { transaction.commit(); }).sqlstate(), "25P02");
}

TEST_F(ConnectionTest, ATerminatedSessionIsInfrastructureAndNoLongerHealthy) {
    Connection connection = open();
    const auto pid = connection.execute("SELECT pg_backend_pid()").integer(0, 0);
    Connection other = open();
    const std::array parameters{integer(pid)};
    other.execute("SELECT pg_terminate_backend($1::int4, 10000)", parameters);
    const Error error = error_of([&] { connection.execute("SELECT 1"); });
    EXPECT_EQ(error.error_class(), ErrorClass::infrastructure);
    EXPECT_FALSE(connection.healthy());
}

TEST_F(ConnectionTest, AServerThatHangsIsNoticedByTheClientsOwnDeadline) {
    Connection connection = open(Millis(200));
    server_->freeze(true);
    const Error error = error_of([&] { connection.execute("SELECT 1"); });
    server_->freeze(false);
    EXPECT_EQ(error.error_class(), ErrorClass::infrastructure);
    EXPECT_EQ(error.sqlstate(), "");
    EXPECT_FALSE(connection.healthy());
}

TEST_F(ConnectionTest, WhatAPersonMustMendIsConfigurationAlreadyWhenConnecting) {
    Connection connection = open();
    connection.execute("CREATE ROLE disabled NOLOGIN");
    const auto connect = [&](const std::string& url) {
        return error_of([&] { Connection refused({url, "test"}); });
    };
    EXPECT_EQ(connect(server_->url("nobody")).sqlstate(), "28000");
    EXPECT_EQ(connect(server_->url("disabled")).sqlstate(), "28000");
    EXPECT_EQ(connect(server_->url("postgres", "nowhere")).sqlstate(), "3D000");
    EXPECT_EQ(connect("postgresql://h/d?nonsense=1").error_class(), ErrorClass::configuration);
    const Error away = connect("host=/nonexistent dbname=x");
    EXPECT_EQ(away.error_class(), ErrorClass::infrastructure);
    connection.execute("ALTER ROLE disabled LOGIN CONNECTION LIMIT 0");
    EXPECT_EQ(connect(server_->url("disabled")).sqlstate(), "53300");
}

TEST_F(ConnectionTest, AMalformedUrlNeverShowsItsPassword) {
    const Error error = error_of([] { Connection refused({"password=hunter2 host", "test"}); });
    EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos);
}

TEST_F(ConnectionTest, AServerThatDiesIsInfrastructureAndTakesTheTransactionWithIt) {
    Connection connection = open();
    connection.execute("CREATE TABLE survived (n int)");
    Transaction transaction(connection);
    connection.execute("INSERT INTO survived VALUES (1)");
    server_->kill();
    EXPECT_EQ(error_of([&] { transaction.commit(); }).error_class(), ErrorClass::infrastructure);
    server_->start();
    Connection again = open();
    EXPECT_EQ(again.execute("SELECT count(*) FROM survived").integer(0, 0), 0);
}

}  // namespace
}  // namespace esteira::postgres

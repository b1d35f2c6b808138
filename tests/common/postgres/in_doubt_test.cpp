#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "common/postgres/connection.hpp"
#include "tests/support/postgres_proxy.hpp"

// A commit whose answer never came may have happened or not; both look the same to the client.
namespace esteira::postgres {
namespace {

using Lost = support::PostgresProxy::Lost;

class InDoubtTest : public testing::Test {
protected:
    void SetUp() override { direct_.execute("CREATE TABLE effects (n int)"); }

    // Commits one row over a connection that is cut there; what the client is told.
    Error commit_and_lose(Lost lost) {
        Connection connection({proxy_.url(), "test"});
        Transaction transaction(connection);
        connection.execute("INSERT INTO effects VALUES (1)");
        proxy_.cut(lost, 'P', "COMMIT");
        try {
            transaction.commit();
        } catch (const Error& error) {
            EXPECT_FALSE(connection.healthy());
            return error;
        }
        ADD_FAILURE() << "no error";
        return Error("none", "00000");
    }
    std::int64_t effects() { return direct_.execute("SELECT count(*) FROM effects").integer(0, 0); }

    support::PrivatePostgres server_;
    support::PostgresProxy proxy_{server_};
    Connection direct_{{server_.url(), "test"}};
};

TEST_F(InDoubtTest, ACommitThatWasNeverHeardIsAnOutageAndHasNoEffect) {
    const Error error = commit_and_lose(Lost::request);
    EXPECT_EQ(error.error_class(), ErrorClass::infrastructure);
    EXPECT_EQ(error.sqlstate(), "");
    EXPECT_EQ(proxy_.cuts(), 1);
    EXPECT_EQ(effects(), 0);
}

TEST_F(InDoubtTest, ACommitWhoseAnswerIsLostIsTheSameOutageAndHasItsEffect) {
    const Error error = commit_and_lose(Lost::answer);
    EXPECT_EQ(error.error_class(), ErrorClass::infrastructure);
    EXPECT_EQ(error.sqlstate(), "");
    EXPECT_EQ(proxy_.cuts(), 1);
    EXPECT_EQ(effects(), 1);
}

}  // namespace
}  // namespace esteira::postgres

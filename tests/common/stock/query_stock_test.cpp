#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/postgres/connection.hpp"
#include "tests/support/private_postgres.hpp"

namespace esteira {
namespace {

struct Ended {
    int code = 0;
    std::string out;
};

Ended run(const std::string& command) {
    std::FILE* pipe =
        popen((std::string(ESTEIRA_BIN_DIR) + "/" + command + " 2>/dev/null").c_str(), "re");
    Ended ended;
    std::array<char, 4096> bytes{};
    while (const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), pipe)) {
        ended.out.append(bytes.data(), count);
    }
    ended.code = WEXITSTATUS(pclose(pipe));
    return ended;
}

class QueryStockTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        server_ = std::make_unique<support::PrivatePostgres>();
        setenv("ESTEIRA__POSTGRES__URL", server_->url().c_str(), 1);
        ASSERT_EQ(run("esteira-db migrate").code, 0);
        postgres::Connection({server_->url(), "test"})
            .execute(
                "INSERT INTO esteira.estoque_posicao VALUES"
                " ('0789', '1001', 'Pão', 7, '2024-05-01 10:00:00', now(), '{}'),"
                " ('0789', '1002', 'Pão', 8, '2024-05-01 10:00:00', now(), '{}')");
        setenv("ESTEIRA__POSTGRES__URL", server_->url("esteira_readonly").c_str(), 1);
    }
    static void TearDownTestSuite() { server_.reset(); }

    static inline std::unique_ptr<support::PrivatePostgres> server_;
};

const std::string kItem =
    R"({"nome_produto":"Pão","filial":"1001","data_atulizacao_posicao_estoque":)"
    R"("2024-05-01 10:00:00","qtd_estoque":7,"codigo_barra":"0789"})";

TEST_F(QueryStockTest, FindsOnePositionByFlagsPayloadOrStandardInput) {
    const std::string answer = R"({"status_code":200,"Message":"SUCCESS","Item":)" + kItem + "}\n";
    const std::string payload = R"('{"query_type":"query","codigo_barra":"0789","filial":"1001"}')";
    EXPECT_EQ(run("esteira-query-stock --codigo-barra 0789 --filial 1001").out, answer);
    EXPECT_EQ(run("esteira-query-stock " + payload).out, answer);
    EXPECT_EQ(
        run("esteira-query-stock - <<END\n" + payload.substr(1, payload.size() - 2) + "\nEND\ntrue")
            .out,
        answer);
}

TEST_F(QueryStockTest, AMissIsASuccessWithoutAnItemAndHasItsOwnExitCode) {
    const Ended ended = run("esteira-query-stock --codigo-barra 789 --filial 1001");
    EXPECT_EQ(ended.out, R"({"status_code":200,"Message":"SUCCESS","Item":{}})"
                         "\n");
    EXPECT_EQ(ended.code, 3);
}

TEST_F(QueryStockTest, AScanGivesAtMostWhatWasAskedFor) {
    EXPECT_EQ(run("esteira-query-stock --scan 1").out,
              R"({"status_code":200,"Message":"SUCCESS","Itens":[)" + kItem + "]}\n");
    EXPECT_NE(run("esteira-query-stock --scan 10").out.find("\"qtd_estoque\":8"),
              std::string::npos);
}

TEST_F(QueryStockTest, AnythingElseIsAnswered400) {
    for (const char* words :
         {"--scan 0", "--scan x", "--codigo-barra 1", "'{\"query_type\":\"x\"}'", "nonsense"}) {
        const Ended ended = run(std::string("esteira-query-stock ") + words);
        EXPECT_EQ(ended.code, 2) << words;
        EXPECT_TRUE(ended.out.starts_with(R"({"status_code":400,"Message":")")) << ended.out;
    }
    EXPECT_EQ(run("esteira-query-stock").code, 2);
}

TEST_F(QueryStockTest, TheDatabaseProgramShowsWhatWasAppliedAndDoesItOnce) {
    setenv("ESTEIRA__POSTGRES__URL", server_->url().c_str(), 1);
    const auto migrated = nlohmann::json::parse(run("esteira-db migrate --json").out);
    EXPECT_EQ(migrated.at("applied"), nlohmann::json::array());
    const Ended ended = run("esteira-db status --json");
    EXPECT_EQ(ended.code, 0);
    const auto status = nlohmann::json::parse(ended.out);
    EXPECT_EQ(status.at("schema_version"), status.at("expected_version"));
    EXPECT_EQ(status.at("migrations").at(0).at("name"), "0001_base");
    EXPECT_EQ(status.at("migrations").at(0).at("state"), "applied");
    setenv("ESTEIRA__POSTGRES__URL", "host=/nonexistent dbname=x", 1);
    EXPECT_EQ(run("esteira-db status").code, 1);
    setenv("ESTEIRA__POSTGRES__URL", server_->url("esteira_readonly").c_str(), 1);
}

}  // namespace
}  // namespace esteira

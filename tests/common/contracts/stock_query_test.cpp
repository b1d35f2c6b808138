#include "common/contracts/stock_query.hpp"

#include <string>

#include <gtest/gtest.h>

namespace esteira::contracts {
namespace {

std::string reason(std::string_view payload) {
    const auto question = parse_stock_question(payload);
    return question ? "" : question.error();
}

TEST(StockQuery, AsksForOnePositionOrForSome) {
    const auto one =
        parse_stock_question(R"({"codigo_barra":"0789","filial":"1001","query_type":"query"})");
    ASSERT_TRUE(one);
    EXPECT_EQ(std::get<StockKey>(one.value()).codigo_barra, "0789");
    EXPECT_EQ(std::get<StockKey>(one.value()).filial, "1001");
    const auto some = parse_stock_question(R"({"query_type":"scan","quantidade_itens":25})");
    ASSERT_TRUE(some);
    EXPECT_EQ(std::get<StockScan>(some.value()).quantidade_itens, 25);
}

TEST(StockQuery, SaysWhatIsWrongWithAQuestion) {
    EXPECT_EQ(reason("{}"), "query_type is missing");
    EXPECT_EQ(reason(R"({"query_type":"delete"})"),
              "query_type is \"delete\"; \"query\" or \"scan\" is expected");
    EXPECT_EQ(reason(R"({"query_type":1})"), "query_type is a number; a text is expected");
    EXPECT_EQ(reason(R"({"query_type":"query","filial":"1"})"), "codigo_barra is missing");
    EXPECT_EQ(reason(R"({"query_type":"query","codigo_barra":789,"filial":"1"})"),
              "codigo_barra is a number; a text is expected");
    const std::string expected = "; an integer within 1..10000 is expected";
    EXPECT_EQ(reason(R"({"query_type":"scan"})"), "quantidade_itens is missing" + expected);
    for (const char* count : {"0", "-1", "10001", "1.5", "\"10\"", "99999999999999999999"}) {
        EXPECT_EQ(reason(R"({"query_type":"scan","quantidade_itens":)" + std::string(count) + "}"),
                  "quantidade_itens is " + std::string(count) + expected);
    }
    EXPECT_EQ(reason("[]"), "the body is an array; one object is expected");
    EXPECT_EQ(reason(" [{},{}]"), "the body is an array; one object is expected");
    EXPECT_EQ(reason(""), "the body is not JSON: byte 0: expected a value");
    EXPECT_EQ(reason(R"({"query_type":"scan","query_type":"query"})"),
              "a key stands twice in one object");
}

TEST(StockQuery, AnswersToTheLetter) {
    StockPosition position;
    position.codigo_barra = "0789";
    position.filial = "1001";
    position.nome_produto = "Pão \"d'água\"";
    position.qtd_estoque = 7;
    position.data_posicao = "2024-05-01 10:00:00";
    const std::string item = R"({"nome_produto":"Pão \"d'água\"","filial":"1001",)"
                             R"("data_atulizacao_posicao_estoque":"2024-05-01 10:00:00",)"
                             R"("qtd_estoque":7,"codigo_barra":"0789"})";
    const std::string success = R"({"status_code":200,"Message":"SUCCESS",)";
    EXPECT_EQ(write_stock_item_answer({position}), success + "\"Item\":" + item + "}");
    EXPECT_EQ(write_stock_item_answer({}), success + "\"Item\":{}}");
    EXPECT_EQ(write_stock_scan_answer({position, position}),
              success + "\"Itens\":[" + item + "," + item + "]}");
    EXPECT_EQ(write_stock_scan_answer({}), success + "\"Itens\":[]}");
    EXPECT_EQ(write_stock_refusal("no \"such\" thing"),
              R"({"status_code":400,"Message":"no \"such\" thing"})");
}

}  // namespace
}  // namespace esteira::contracts

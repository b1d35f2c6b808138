#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/contracts/stock_position.hpp"

// Sample bodies cut at every length and with every byte changed to every other: what comes out are
// positions that keep the contract, or reasons that a person can read. Runs under the sanitizers.
namespace esteira::contracts {
namespace {

const Zone kZone = Zone::fixed(std::chrono::hours(-3));
const WallTime kNow = std::chrono::sys_days(std::chrono::year(2024) / 5 / 1);
const Instant kOldest = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);

bool is_utf8(const std::string& text) {
    try {
        return !nlohmann::json(text).dump().empty();
    } catch (const nlohmann::json::type_error&) {
        return false;
    }
}

// What every value that is read has to be, whatever it was read from.
void expect_kept(const StockPosition& position) {
    const auto characters = [](const std::string& text) {
        return static_cast<std::size_t>(
            std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
    };
    for (const std::string* key : {&position.codigo_barra, &position.filial}) {
        EXPECT_GE(characters(*key), 1u);
        EXPECT_LE(characters(*key), kStockKeyCharactersMax);
    }
    EXPECT_LE(characters(position.nome_produto), kProductNameCharactersMax);
    for (const std::string* text : {&position.codigo_barra, &position.filial,
                                    &position.nome_produto, &position.data_posicao}) {
        EXPECT_TRUE(is_utf8(*text));
        EXPECT_EQ(text->find('\0'), std::string::npos);
    }
    EXPECT_GE(position.qtd_estoque, 0);
    EXPECT_GE(position.instante, kOldest);
    EXPECT_LE(position.instante, kNow + std::chrono::days(1));
    EXPECT_TRUE(nlohmann::json::accept(position.item)) << position.item;
}

void expect_told(const std::string& reason) {
    EXPECT_FALSE(reason.empty());
    EXPECT_LE(reason.size(), 512u) << reason;
    EXPECT_TRUE(is_utf8(reason)) << testing::PrintToString(reason);
}

// The body as heap memory of exactly its size, so that reading beyond it is seen. How many items
// could be read; -1: not even the body.
int read_exact(std::string_view body) {
    const std::vector<char> exact(body.begin(), body.end());
    const auto items = parse_stock_positions({exact.data(), exact.size()}, kZone, kNow);
    if (!items) {
        expect_told(items.error());
        return -1;
    }
    int good = 0;
    for (const StockItem& item : items.value()) {
        if (item) {
            expect_kept(item.value());
            ++good;
        } else {
            expect_told(item.error().reason);
            EXPECT_NE(body.find(item.error().item), std::string_view::npos);
        }
    }
    return good;
}

std::vector<std::string> samples() {
    return {
        R"({"codigo_barra":"0789","nome_produto":"Feijão","filial":"1001","qtd_estoque":10,)"
        R"("data_atulizacao_posicao_estoque":"2024-04-30 10:00:00"})",
        R"([ {"codigo_barra":"0\u0037","nome_produto":"\ud83d\ude00 \"x\"",)"
        R"("filial":"1","qtd_estoque":0,)"
        R"("data_atualizacao_posicao_estoque":"2024-04-30T10:00:00.25-03:00",)"
        R"("x":[1e40,{"y":null}]} ,)"
        R"({"codigo_barra":"2","nome_produto":"","filial":"€","qtd_estoque":2147483647,)"
        R"("data_atulizacao_posicao_estoque":"2024-04-30T10:00:00Z"},7])",
    };
}

TEST(StockCorpus, TheSamplesThemselvesAreRead) {
    EXPECT_EQ(read_exact(samples()[0]), 1);
    EXPECT_EQ(read_exact(samples()[1]), 2);
}

TEST(StockCorpus, ABodyThatWasCutAnywhereIsRefusedAsAWhole) {
    for (const std::string& body : samples()) {
        for (std::size_t length = 0; length < body.size(); ++length) {
            EXPECT_EQ(read_exact(std::string_view(body).substr(0, length)), -1) << length;
        }
    }
}

TEST(StockCorpus, ABodyWithAChangedByteGivesPositionsOrReasons) {
    for (const std::string& body : samples()) {
        int spoiled = 0;
        for (std::size_t at = 0; at < body.size(); ++at) {
            for (int change = 1; change < 256; ++change) {
                std::string broken = body;
                broken[at] = static_cast<char>(static_cast<unsigned char>(broken[at]) ^ change);
                spoiled += read_exact(broken) < read_exact(body) ? 1 : 0;
            }
        }
        EXPECT_GT(spoiled, 10'000) << "the changes did not reach what is read";
    }
}

TEST(StockCorpus, RandomBytesAreRefusedWithAReason) {
    std::mt19937 random(1);
    for (int round = 0; round < 50'000; ++round) {
        std::string body(random() % 64, '\0');
        for (char& c : body) {
            c = static_cast<char>(random());
        }
        EXPECT_LE(read_exact(body), 0);
    }
}

// Random words of JSON in a random order: structure that makes no sense, which bytes seldom are.
TEST(StockCorpus, RandomWordsGivePositionsOrReasons) {
    const std::vector<std::string> words{"{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         ":",
                                         "null",
                                         "true",
                                         "-0",
                                         "1e9",
                                         "9999999999999999999",
                                         "\"\"",
                                         "\"codigo_barra\"",
                                         "\"filial\"",
                                         "\"qtd_estoque\"",
                                         "\"nome_produto\"",
                                         "\"data_atulizacao_posicao_estoque\"",
                                         "\"2024-04-30T10:00:00Z\"",
                                         "\"\\u0000\"",
                                         "\"\xC3\"",
                                         "\"\\ud83d\"",
                                         " "};
    std::mt19937 random(2);
    for (int round = 0; round < 50'000; ++round) {
        std::string body = random() % 2 == 0 ? "[{" : "{";
        for (std::size_t more = random() % 40; more > 0; --more) {
            body += words[random() % words.size()];
        }
        read_exact(body);
    }
}

TEST(StockCorpus, DepthAndSizeAreBounded) {
    for (const std::size_t levels : {33u, 10'000u, 500'000u}) {
        const std::string nested = std::string(levels, '[') + std::string(levels, ']');
        EXPECT_EQ(read_exact("[" + nested + "," + samples()[0] + "]"), 1) << levels;
        EXPECT_EQ(read_exact(std::string(levels, '[')), -1);
        EXPECT_EQ(read_exact(std::string(levels, '{')), -1);
    }
    std::string mebibyte = "[" + samples()[0];
    while (mebibyte.size() + samples()[0].size() + 2 <= 1 << 20) {
        mebibyte += "," + samples()[0];
    }
    EXPECT_GT(read_exact(mebibyte + "]"), 5'000);
    EXPECT_EQ(read_exact(mebibyte), -1);
    EXPECT_EQ(read_exact(std::string((1 << 20) + 1, ' ')), -1);
}

}  // namespace
}  // namespace esteira::contracts

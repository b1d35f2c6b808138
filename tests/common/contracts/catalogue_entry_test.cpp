#include "common/contracts/catalogue_entry.hpp"

#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/common/contracts/refusal.hpp"

namespace esteira::contracts {
namespace {

using Json = nlohmann::ordered_json;

const WallTime kSent = kNow - std::chrono::hours(1);

Json entry() {
    return {{"codigo_barra", "0789"},
            {"nome_produto", "Feijão"},
            {"categoria", "Grãos"},
            {"atualizado_em", "2024-04-30 10:00:00"}};
}

auto parse(std::string_view body) { return parse_catalogue_entries(body, kRules, kSent); }

std::string reason(const std::string& item) { return refusal(parse, entry().dump(), item); }
template <class Value>
std::string with(const char* key, const Value& value) {
    Json item = entry();
    item[key] = value;
    return reason(item.dump());
}
std::string without(const char* key) {
    Json item = entry();
    item.erase(key);
    return reason(item.dump());
}

CatalogueEntry entry_of(const std::string& body) {
    const auto items = parse(body);
    if (!items || items.value().size() != 1 || !items.value()[0]) {
        ADD_FAILURE() << "no entry: " << body;
        return {};
    }
    return items.value()[0].value();
}

TEST(CatalogueEntry, IsReadFromOneObjectOrAnArray) {
    const CatalogueEntry read = entry_of(entry().dump());
    EXPECT_EQ(read.codigo_barra, "0789");
    EXPECT_EQ(read.nome_produto, "Feijão");
    EXPECT_EQ(read.categoria, "Grãos");
    EXPECT_EQ(read.instante, at("2024-04-30T13:00:00Z"));
    EXPECT_EQ(read.item, entry().dump());
    EXPECT_EQ(parse("[" + entry().dump() + "," + entry().dump() + "]").value().size(), 2u);
    EXPECT_EQ(parse("[]").value().size(), 0u);
    EXPECT_EQ(parse("null").error(),
              "the body is null; an object or an array of objects is expected");
}

TEST(CatalogueEntry, ABarcodeIsATextOf1To64Characters) {
    EXPECT_EQ(without("codigo_barra"), "codigo_barra is missing");
    EXPECT_EQ(with("codigo_barra", nullptr), "codigo_barra is null; a text is expected");
    EXPECT_EQ(with("codigo_barra", 789), "codigo_barra is a number; a text is expected");
    EXPECT_EQ(with("codigo_barra", ""), "codigo_barra is empty");
    EXPECT_EQ(with("codigo_barra", letters(64)), "");
    EXPECT_EQ(with("codigo_barra", letters(65)),
              "codigo_barra has 65 characters; at most 64 are stored");
}

TEST(CatalogueEntry, ANameIsATextOfAtMost512Characters) {
    EXPECT_EQ(without("nome_produto"), "nome_produto is missing");
    EXPECT_EQ(with("nome_produto", nullptr), "nome_produto is null; a text is expected");
    EXPECT_EQ(with("nome_produto", false), "nome_produto is false; a text is expected");
    EXPECT_EQ(with("nome_produto", ""), "");
    EXPECT_EQ(with("nome_produto", letters(512)), "");
    EXPECT_EQ(with("nome_produto", letters(513)),
              "nome_produto has 513 characters; at most 512 are stored");
}

TEST(CatalogueEntry, ACategoryMayBeMissingNullOrEmpty) {
    EXPECT_EQ(without("categoria"), "");
    EXPECT_EQ(with("categoria", nullptr), "");
    EXPECT_EQ(with("categoria", ""), "");
    EXPECT_EQ(with("categoria", 5), "categoria is a number; a text is expected");
    EXPECT_EQ(with("categoria", letters(100)), "");
    EXPECT_EQ(with("categoria", letters(101)),
              "categoria has 101 characters; at most 100 are stored");
}

TEST(CatalogueEntry, AVersionIsDatedByItselfElseByTheMessage) {
    const std::string undated = R"({"codigo_barra":"1","nome_produto":"x"})";
    EXPECT_EQ(entry_of(undated).instante, Instant(kSent));
    EXPECT_EQ(entry_of(R"({"atualizado_em":null,)" + undated.substr(1)).instante, Instant(kSent));
    EXPECT_EQ(with("atualizado_em", ""), "atualizado_em is empty");
    EXPECT_EQ(with("atualizado_em", 5), "atualizado_em is a number; a text is expected");
    EXPECT_EQ(with("atualizado_em", "2024-04-30"),
              "atualizado_em \"2024-04-30\" is not a time (YYYY-MM-DD HH:MM:SS, or ISO 8601 with "
              "an offset)");
    EXPECT_EQ(with("atualizado_em", "2024-05-02T00:00:01Z"),
              "atualizado_em \"2024-05-02T00:00:01Z\" is not between 2000-01-01 and one day from "
              "now");
}

TEST(CatalogueEntry, KeepsKeysThatItDoesNotKnow) {
    const std::string extended = R"({"preco": [1e400], )" + entry().dump().substr(1);
    EXPECT_EQ(entry_of(extended).item, extended);
}

TEST(CatalogueEntry, ABadTextOrStructureSpoilsOneEntryAlone) {
    const auto named = [](std::string_view name) {
        return reason(swapped(entry().dump(), "Feijão", name));
    };
    EXPECT_EQ(named("\\ud83d"), "a text holds half a surrogate pair");
    EXPECT_EQ(named("\\u0000"), "a text holds the character U+0000");
    EXPECT_EQ(named("\xC3"), "a text is not valid UTF-8");
    EXPECT_EQ(named("x\",\"codigo_barra\":\"1"), "a key stands twice in one object");
    EXPECT_EQ(reason("\"x\""), "the item is a text; an object is expected");
}

TEST(CatalogueEntry, IsWrittenWithItsKeysInOrderAndReadBack) {
    const CatalogueEntry read = entry_of(entry().dump());
    EXPECT_EQ(write_catalogue_entry(read, "2024-04-30 10:00:00"), entry().dump());
    EXPECT_EQ(entry_of(write_catalogue_entry(read, "2024-04-30 10:00:00")), read);
    EXPECT_EQ(write_catalogue_entry({"1", "", "", {}, {}}),
              R"({"codigo_barra":"1","nome_produto":""})");
}

}  // namespace
}  // namespace esteira::contracts

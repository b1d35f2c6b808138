#include "broker/filters/filter.hpp"

#include <gtest/gtest.h>

#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"

namespace esteira::filters {
namespace {

using namespace std::chrono_literals;

const std::vector<std::byte>& attributes() {
    static const std::vector<std::byte> block = [] {
        const Attribute list[] = {{"kind", "String", as_bytes("order")},
                                  {"shop.id", "Number", as_bytes("10.0")},
                                  {"code", "String", as_bytes("10.0")},
                                  {"price", "Number.brl", as_bytes("12.345")},
                                  {"big", "Number", as_bytes("9007199254740993")},
                                  {"note", "String", as_bytes("a b, \"c\" \\")},
                                  {"odd", "String", as_bytes("x*<1..2")},
                                  {"blob", "Binary.gzip", as_bytes("10")}};
        return pack_attributes(list);
    }();
    return block;
}

bool matches(std::string_view text, const engine::Candidate& candidate) {
    const auto filter = parse(text);
    EXPECT_TRUE(filter) << text << ": " << (filter ? "" : filter.error());
    return filter && filter.value()->matches(candidate);
}
bool matches(std::string_view text) {
    engine::Candidate candidate;
    candidate.attributes = attributes();
    candidate.reason = "sqlstate 23503: cliente 7 missing";
    candidate.age = 90min;
    candidate.receives = 5;
    candidate.source = "orders";
    return matches(text, candidate);
}
bool in_body(std::string_view text, std::string_view body) {
    engine::Candidate candidate;
    candidate.body = as_bytes(body);
    return matches(text, candidate);
}

TEST(Filter, AnAttributeIsComparedByItsTextAndANumberByItsValueToo) {
    for (const char* text : {"attr.kind:order",
                             "attr.kind:sale,order",
                             "attr.kind:ord*",
                             "attr.kind:*",
                             "-attr.kind:sale",
                             "attr.shop.id:10",
                             "attr.shop.id:10.0",
                             "attr.shop.id:1e1",
                             "attr.shop.id:\"10.0\"",
                             "attr.shop.id:>=10",
                             "attr.shop.id:<10.1",
                             "attr.shop.id:9..10",
                             "attr.price:12.345",
                             "attr.price:12.3..12.4",
                             "attr.code:10.0",
                             "attr.code:>9",
                             "-attr.code:10",
                             "attr.big:9007199254740993",
                             "attr.big:>9007199254740992",
                             "-attr.big:9007199254740992",
                             "-attr.big:>9007199254740993",
                             "attr.note:\"a b, \\\"c\\\" \\\\\"",
                             "attr.note:\"a b\"*",
                             "attr.odd:\"x*<1..2\"",
                             "attr.blob:*",
                             "-attr.blob:10",
                             "-attr.gone:*",
                             "-attr.gone:>1",
                             "attr.kind:>1,order",
                             "  attr.kind:order   -attr.kind:sale  "}) {
        EXPECT_TRUE(matches(text)) << text;
    }
    for (const char* text :
         {"attr.kind:Order", "attr.kind:orde", "attr.kind:sale,refund", "attr.kind:>1",
          "attr.shop.id:\"10\"", "attr.shop.id:<10", "attr.shop.id:>10", "attr.shop.id:11..20",
          "attr.code:10", "attr.gone:*", "attr.gone:x", "-attr.kind:*", "attr.blob:10",
          "attr.kind:order attr.shop.id:11", "attr.big:9007199254740992"}) {
        EXPECT_FALSE(matches(text)) << text;
    }
}

TEST(Filter, AReasonContainsTheTextAndTheRestIsCompared) {
    for (const char* text : {"reason:23503",
                             "reason:\"cliente 7\"",
                             "reason:timeout,sqlstate",
                             "reason:sqlstate*",
                             "reason:*",
                             "-reason:timeout",
                             "age:>1h",
                             "age:>=5400s",
                             "age:1h..2h",
                             "age:<1d",
                             "-age:<90m",
                             "age:<=5400000ms",
                             "receives:5",
                             "receives:>=5",
                             "receives:1..5",
                             "receives:3,5",
                             "source:orders",
                             "source:ord*",
                             "source:sales,orders",
                             "-source:sales",
                             "reason:23503 age:>1h receives:>=3 source:orders -attr.kind:sale"}) {
        EXPECT_TRUE(matches(text)) << text;
    }
    for (const char* text :
         {"reason:SQLSTATE", "reason:cliente*", "-reason:*", "age:>90m", "age:<90m", "age:2h..3h",
          "receives:4", "receives:>5", "source:order", "-source:*", "reason:23503 receives:4"}) {
        EXPECT_FALSE(matches(text)) << text;
    }
    EXPECT_FALSE(matches("reason:*", {}));
    EXPECT_FALSE(matches("source:*", {}));
    EXPECT_TRUE(matches("-source:*", {}));
}

TEST(Filter, ABodyIsReadAsJsonAlongThePath) {
    constexpr std::string_view kBody =
        R"({"loja": 7, "ok": true, "nada": null, "sku": "A-1", "preco total": 1.50,)"
        R"( "cliente": {"id": 9007199254740993, "nome": "Jos\u00e9", "a.b": 1},)"
        R"( "itens": [{"sku": "X", "n": 1}, {"sku": "Y", "n": 2, "tags": ["red", "blue"]}],)"
        R"( "lote": "0042", "vazio": []})";
    for (const char* text : {"body.loja:7",
                             "body.loja:7.0",
                             "body.loja:5..9",
                             "body.ok:true",
                             "body.nada:null",
                             "body.nada:*",
                             "body.sku:A-*",
                             "body.\"preco total\":1.5",
                             "body.cliente:*",
                             "body.cliente.id:9007199254740993",
                             "-body.cliente.id:9007199254740992",
                             "body.cliente.nome:José",
                             "body.cliente.\"a.b\":1",
                             "body.itens.sku:Y",
                             "body.itens.n:>1",
                             "body.itens.tags:blue",
                             "body.itens.tags:*",
                             "body.lote:0042",
                             "-body.lote:42",
                             "body.lote:>41",
                             "body.vazio:*",
                             "-body.vazio:x",
                             "-body.gone:*",
                             "-body.gone.deeper:*",
                             "-body.loja.deeper:*",
                             "-body.itens:X"}) {
        EXPECT_TRUE(in_body(text, kBody)) << text;
    }
    for (const char* text : {"body.loja:\"7.0\"", "body.ok:false", "body.sku:A", "body.itens.sku:Z",
                             "-body.itens.sku:X", "body.cliente.id:9007199254740992",
                             "body.cliente:José", "body.itens.n:>2", "body.gone:*"}) {
        EXPECT_FALSE(in_body(text, kBody)) << text;
    }
}

TEST(Filter, ABodyOfManyItemsMatchesIfOneOfThemDoes) {
    constexpr std::string_view kItems = R"([ {"loja": 7, "sku": "A"} , {"loja": 8} ])";
    EXPECT_TRUE(in_body("body.loja:8", kItems));
    EXPECT_TRUE(in_body("body.loja:8 body.sku:A", kItems));
    EXPECT_FALSE(in_body("body.loja:9", kItems));
    EXPECT_FALSE(in_body("-body.loja:8", kItems));
    EXPECT_TRUE(in_body("-body.loja:9", kItems));
    EXPECT_FALSE(in_body("body.loja:*", "[]"));
    EXPECT_FALSE(in_body("body.loja:*", "[[{\"loja\":1}]]"));
}

TEST(Filter, ABodyThatIsNotJsonHasNoFields) {
    for (const char* body : {"", "7", "loja: 7", "{\"loja\":7", "{\"loja\":7}x", "[{\"loja\":7},]",
                             "\xff\xfe", "{\"loja\":07}"}) {
        EXPECT_FALSE(in_body("body.loja:*", body)) << body;
        EXPECT_TRUE(in_body("-body.loja:*", body)) << body;
    }
}

TEST(Filter, ABodyOfMoreThan32LevelsHasNoFields) {
    const auto nested = [](int levels) {
        std::string body;
        for (int i = 0; i < levels; i += 2) {
            body += "{\"a\":[";
        }
        body += "1";
        for (int i = 0; i < levels; i += 2) {
            body += "]}";
        }
        return body;
    };
    const std::string path = "body.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a:";
    EXPECT_TRUE(in_body(path + "1", nested(32)));
    EXPECT_FALSE(in_body(path + "*", nested(34)));
    EXPECT_FALSE(in_body(path + "*", nested(100'000)));
    EXPECT_FALSE(in_body(path + "*", std::string(1 << 19, '[') + std::string(1 << 19, ']')));
}

}  // namespace
}  // namespace esteira::filters

#include <random>

#include <gtest/gtest.h>

#include "broker/filters/filter.hpp"
#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"

namespace esteira::filters {
namespace {

struct Broken {
    std::string text;
    std::string why;
};

TEST(FilterCorpus, EveryBrokenFilterIsToldWhatIsWrongAndWhere) {
    const std::string names = "character 1: a term begins with attr.NAME";
    const std::vector<Broken> corpus{
        {"", "character 1: a filter has at least one term"},
        {"   ", "character 1: a filter has at least one term"},
        {"-", "character 2: expected a term"},
        {":x", "character 1: expected a term"},
        {"order", names},
        {"kind:order", names},
        {"attr:order", names},
        {"body:order", names},
        {"Reason:x", names},
        {"attr.:x", "character 6: expected the name of an attribute"},
        {"attr.kind", "character 10: expected a ':'"},
        {"attr.kind order", "character 10: expected a ':'"},
        {"attr.kind:", "character 11: expected a value"},
        {"attr.kind: order", "character 11: expected a value"},
        {"attr.kind:a,", "character 13: expected a value"},
        {"attr.kind:a,,b", "character 13: expected a value"},
        {"attr.kind:\"a", "character 11: this quote is not closed"},
        {"attr.kind:\"a\\", "character 13: in quotes a \\"},
        {"attr.kind:\"a\\n\"", "character 13: in quotes a \\"},
        {"attr.kind:\"a\"b", "character 14: expected a blank"},
        {"attr.kind:a\"b\"", "character 12: expected a blank"},
        {"attr.kind:a*b", "character 12: a * stands at the end"},
        {"attr.kind:*a", "character 11: a * stands at the end"},
        {"attr.kind:a**", "character 12: a * stands at the end"},
        {"attr.n:>", "character 9: expected a number"},
        {"attr.n:>=ten", "character 10: expected a number"},
        {"attr.n:1..", "character 11: expected a number"},
        {"attr.n:..2", "character 8: expected a number"},
        {"attr.n:a..b", "character 8: expected a number"},
        {"attr.n:2..1", "character 8: the first number of a range"},
        {"attr.n:1...2", "character 11: expected a number"},
        {"body.:x", "character 6: expected a key"},
        {"body.a..b:x", "character 8: expected a key"},
        {"body.a.\"b:x", "character 8: this quote is not closed"},
        {"body.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q:x", "character 38: a path has at most 16 keys"},
        {"reason:>5", "character 9: a text is not compared"},
        {"source:a..b", "character 8: a text is not compared"},
        {"age:1h", "character 5: an age is compared"},
        {"age:*", "character 5: an age is compared"},
        {"age:>1", "character 6: expected a whole number with one of the units"},
        {"age:>1w", "character 6: expected a whole number with one of the units"},
        {"age:>h", "character 6: expected a whole number with one of the units"},
        {"age:>-1h", "character 6: expected a whole number with one of the units"},
        {"age:>9999999999d", "character 6: expected a whole number with one of the units"},
        {"age:\"1h\"", "character 5: a number has no quotes"},
        {"receives:*", "character 10: expected a number"},
        {"receives:three", "character 10: expected a number"},
        {"receives:\"3\"", "character 10: a number has no quotes"},
        {"attr.ção:x kind:y", "character 12: a term begins with"},
        {"attr.a:x\tattr.b:y", "a filter is UTF-8 without control characters"},
        {"attr.a:\xff", "a filter is UTF-8 without control characters"},
        {std::string("attr.a:\0", 8), "a filter is UTF-8 without control characters"},
        {"attr.a:" + std::string(1018, 'x'), "a filter has at most 1024 bytes"}};
    for (const Broken& broken : corpus) {
        const auto filter = parse(broken.text);
        ASSERT_FALSE(filter) << broken.text;
        EXPECT_EQ(filter.error().substr(0, broken.why.size()), broken.why) << broken.text;
    }
}

TEST(FilterCorpus, BoundsAreHeldToTheOne) {
    const auto many = [](std::size_t count, const std::string& text, char between) {
        std::string all = text;
        for (std::size_t i = 1; i < count; ++i) {
            all += between + text;
        }
        return all;
    };
    EXPECT_TRUE(parse("attr.a:" + std::string(kFilterBytesMax - 7, 'x')));
    EXPECT_TRUE(parse(many(kTermsMax, "attr.a:1", ' ')));
    EXPECT_FALSE(parse(many(kTermsMax + 1, "attr.a:1", ' ')));
    EXPECT_TRUE(parse("attr.a:" + many(kChoicesMax, "1", ',')));
    EXPECT_FALSE(parse("attr.a:" + many(kChoicesMax + 1, "1", ',')));
    EXPECT_TRUE(parse("body." + many(kKeysMax, "k", '.') + ":1"));
    EXPECT_FALSE(parse("body." + many(kKeysMax + 1, "k", '.') + ":1"));
}

// Mutated filters over mutated bodies: each is read or refused, and a negated term is the opposite.
TEST(FilterCorpus, NothingThatIsMutatedThrowsOrContradictsItself) {
    const std::string seeds[] = {
        "attr.kind:order,sal* -reason:\"a b\"", "body.itens.sku:X,>=10 receives:1..3",
        "age:>1h source:\"q\"* body.\"a.b\":*", "-body.a:-5..1e3 attr.n:<=0.5"};
    const std::string bodies[] = {R"([{"itens":[{"sku":"X"},{"sku":12}],"a":-3},{"a.b":null}])",
                                  R"({"a":1e2,"a":"\u0000\ud800","itens":{"sku":[true]}})"};
    const Attribute list[] = {{"kind", "String", as_bytes("sale")},
                              {"n", "Number", as_bytes("0.5")}};
    const auto block = pack_attributes(list);
    std::mt19937 draw(7);
    const auto mutated = [&](std::string text) {
        constexpr std::string_view kSigns = "\":,.-*<>= \\[]{}0a9e";
        for (unsigned i = draw() % 4; i > 0; --i) {
            const std::size_t at = draw() % (text.size() + 1);
            const char sign = kSigns[draw() % kSigns.size()];
            switch (draw() % 3) {
                case 0:
                    text.insert(at, 1, sign);
                    break;
                case 1:
                    text.erase(at == text.size() ? 0 : at, 1);
                    break;
                default:
                    text[at % text.size()] = sign;
            }
        }
        return text;
    };
    std::size_t read = 0;
    for (int round = 0; round < 20'000; ++round) {
        const std::string text = mutated(seeds[draw() % std::size(seeds)]);
        const std::string body = mutated(bodies[draw() % std::size(bodies)]);
        const auto filter = parse(text);
        if (!filter) {
            EXPECT_FALSE(filter.error().empty());
            continue;
        }
        ++read;
        engine::Candidate candidate{block, as_bytes(body), "a b", Millis(7'200'000), 2, "q"};
        const bool holds = filter.value()->matches(candidate);
        if (const auto one = parse("-" + text); one && text.find(' ') == std::string::npos) {
            EXPECT_NE(one.value()->matches(candidate), holds) << text << "\n" << body;
        }
    }
    EXPECT_GT(read, 4'000u);
    EXPECT_LT(read, 19'000u);
}

}  // namespace
}  // namespace esteira::filters

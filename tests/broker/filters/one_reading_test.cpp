// A body is read once for all terms of all filters. What they answer is held here against a reader
// that keeps nothing: it goes through the whole body again for each term.
#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "broker/filters/filter.hpp"
#include "broker/filters/terms.hpp"
#include "common/base/bytes.hpp"
#include "common/base/overloaded.hpp"
#include "common/contracts/json_scan.hpp"

namespace esteira::filters {
namespace {

using contracts::JsonElement;
using contracts::JsonScanner;
using Found = std::function<bool(std::string_view)>;

bool plainly_is_json(std::string_view text) {
    JsonScanner scanner(text);
    JsonElement element;
    return scanner.scan(element) && scanner.at_end() && scanner.depth() <= contracts::kJsonDepthMax;
}

bool any_element(std::string_view text, const Found& found) {
    JsonScanner scanner(text);
    scanner.take('[');
    JsonElement element;
    while (scanner.peek() != ']' && scanner.scan(element)) {
        if (found(element.text)) {
            return true;
        }
        scanner.take(',');
    }
    return false;
}

bool any_value(std::string_view text, std::span<const std::string> path, const Found& found) {
    const auto in_object = [&](std::string_view object) {
        JsonScanner scanner(object);
        JsonElement element;
        if (!object.starts_with('{') || !scanner.scan(element)) {
            return false;
        }
        return std::any_of(element.fields.begin(), element.fields.end(), [&](const auto& field) {
            return field.key == path.front() && any_value(field.value, path.subspan(1), found);
        });
    };
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    const bool list = text.starts_with('[');
    if (path.empty()) {
        return found(text) || (list && any_element(text, found));
    }
    return list ? any_element(text, in_object) : in_object(text);
}

bool plainly_is(const Choice& choice, std::string_view written) {
    const bool container = written.starts_with('{') || written.starts_with('[');
    const auto quoted = contracts::json_text(written);
    const std::string text = quoted.value_or(std::string(written));
    const auto number = Decimal::read(text);
    return std::visit(
        Overloaded{
            [](const Anything&) { return true; },
            [&](const Exactly& c) {
                return !container &&
                       (c.text == text || (!quoted && c.number && number == c.number));
            },
            [&](const StartsWith& c) { return !container && text.starts_with(c.text); },
            [&](const Between& c) { return !container && number && c.holds(*number); },
        },
        choice);
}

bool plainly_holds(const Term& term, std::string_view body) {
    const bool held = plainly_is_json(body) && any_value(body, term.path, [&](std::string_view v) {
                          return std::any_of(term.choices.begin(), term.choices.end(),
                                             [&](const Choice& c) { return plainly_is(c, v); });
                      });
    return held != term.negated;
}

class Author {
public:
    explicit Author(unsigned seed) : draw_(seed) {}

    unsigned below(unsigned count) { return static_cast<unsigned>(draw_()) % count; }

    std::string body() {
        std::string text = value(below(40) == 0 ? 34 : 5);
        if (below(8) == 0 && !text.empty()) {  // Most often it is no JSON any more.
            text[below(static_cast<unsigned>(text.size()))] = "\"\\{}[],:0a \xff"[below(12)];
        }
        return text;
    }

    std::string term() {
        std::string text = below(4) == 0 ? "-body" : "body";
        for (unsigned keys = 1 + below(below(10) == 0 ? 16 : 3); keys > 0; --keys) {
            text += pick({".a", ".a", ".b", ".\"a.b\"", ".\"\"", ".é"});
        }
        text += ':';
        for (unsigned more = below(3);; --more) {
            text += pick({"*",
                          "1",
                          "1.0",
                          "\"1\"",
                          "10",
                          "x",
                          "x*",
                          "1*",
                          "\"\"",
                          "\"\"*",
                          "true",
                          "null",
                          "t*",
                          ">1",
                          ">=1",
                          "<1",
                          "<=1",
                          "-2..0",
                          "1..10",
                          "\"{\"*",
                          "\"[\"*",
                          "9007199254740993",
                          ">9007199254740992",
                          "é",
                          "-0"});
            if (more == 0) {
                return text;
            }
            text += ',';
        }
    }

private:
    std::string pick(std::initializer_list<const char*> of) {
        return of.begin()[below(static_cast<unsigned>(of.size()))];
    }
    std::string blank() { return below(6) == 0 ? pick({" ", "\n", "\t ", "\r\n"}) : ""; }

    std::string value(unsigned levels) {
        const unsigned kind = below(levels >= 4 ? 3 : 5);
        if (levels == 0 || kind > 2) {
            return blank() +
                   pick({"1",
                         "1.0",
                         "10e-1",
                         "0",
                         "-0",
                         "-1.5",
                         "10",
                         "9007199254740993",
                         "9007199254740992",
                         "true",
                         "false",
                         "null",
                         "\"1\"",
                         "\"1.0\"",
                         "\"x\"",
                         "\"xy\"",
                         "\"\\u0078\"",
                         "\"\"",
                         "\"\\u00e9\"",
                         "\"é\"",
                         "\"10\"",
                         "\"\\ud800\"",
                         "\"\xff\"",
                         "\"tr\\\"ue\"",
                         "{}",
                         "[]"}) +
                   blank();
        }
        const bool object = kind != 0;
        std::string text = blank() + (object ? '{' : '[');
        for (unsigned i = levels > 5 ? 1 : 1 + below(5); i > 0; --i) {
            if (object) {
                text += blank() + pick({"\"a\"", "\"a\"", "\"b\"", "\"\\u0061\"", "\"a.b\"", "\"\"",
                                        "\"é\"", "\"\\u00e9\"", "\"c\""});
                text += blank() + ':';
            }
            text += value(levels - 1);
            text += i > 1 ? "," : "";
        }
        return text + (object ? '}' : ']') + blank();
    }

    std::mt19937 draw_;
};

TEST(OneReading, ABodyThatIsReadOnceAnswersAsOneThatIsReadForEachTerm) {
    Author author(11);
    std::size_t held = 0;
    std::size_t asked = 0;
    for (int round = 0; round < 2'000; ++round) {
        const std::string body = author.body();
        engine::Candidate candidate;
        candidate.body = as_bytes(body);
        for (int i = 0; i < 40; ++i) {
            const std::string text = author.term();
            const auto terms = parse_terms(text);
            const auto filter = parse(text);
            ASSERT_TRUE(terms && filter) << text;
            const Term& term = terms.value().front();
            const bool expected = plainly_holds(term, body);
            ASSERT_EQ(filter.value()->matches(candidate), expected) << text << "\n" << body;
            held += expected != term.negated ? 1U : 0U;
            ++asked;
        }
    }
    EXPECT_GT(held, asked / 20);
}

TEST(OneReading, AnAnswerDoesNotDependOnWhatWasAskedBefore) {
    const std::string body = R"({"a":[{"b":1},{"b":[2,"x"]}],"a":{"b":"3"},"\u0061":7})";
    const std::vector<std::string> texts{
        "body.a.b:1", "body.a.b:x",  "body.a.b:>2", "body.a:7",  "-body.a.b.c:*", "-body.c:*",
        "body.a.b:3", "-body.a.b:4", "body.a:*",    "-body.b:*", "body.a.b:2..2", "-body.a.b:>3"};
    for (std::size_t first = 0; first < texts.size(); ++first) {
        engine::Candidate candidate;
        candidate.body = as_bytes(body);
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const std::string& text = texts[(first + i) % texts.size()];
            EXPECT_TRUE(parse(text).value()->matches(candidate)) << text;
        }
    }
}

TEST(OneReading, WhatOneFilterFoundInABodyServesTheNext) {
    const std::string body = R"({"a":1})";
    engine::Candidate candidate;
    candidate.body = as_bytes(body);
    EXPECT_FALSE(parse("receives:7 body.a:1").value()->matches(candidate));
    EXPECT_EQ(candidate.findings, nullptr) << "nobody asked about the body";
    EXPECT_TRUE(parse("body.a:1").value()->matches(candidate));
    const engine::Findings* findings = candidate.findings.get();
    EXPECT_NE(findings, nullptr);
    EXPECT_FALSE(parse("body.b:1").value()->matches(candidate));
    EXPECT_EQ(candidate.findings.get(), findings);
}

}  // namespace
}  // namespace esteira::filters

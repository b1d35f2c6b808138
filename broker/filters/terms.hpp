#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/filters/decimal.hpp"
#include "common/base/result.hpp"

// What a filter's text says, taken apart; parse.cpp makes it, filter.cpp looks at messages with it.
namespace esteira::filters {

struct Anything {};
struct Exactly {
    std::string text;
    std::optional<Decimal> number;  // What the text is as a number; a quoted one is none.
};
struct StartsWith {
    std::string text;
};
struct Between {
    std::optional<Decimal> low;  // Nothing: there is no such bound.
    std::optional<Decimal> high;
    bool low_included = true;
    bool high_included = true;

    bool holds(const Decimal& number) const {
        const bool above = !low || (low_included ? number >= *low : number > *low);
        return above && (!high || (high_included ? number <= *high : number < *high));
    }
};
using Choice = std::variant<Anything, Exactly, StartsWith, Between>;

enum class Subject : std::uint8_t { attribute, body, reason, age, receives, source };

struct Term {
    bool negated = false;
    Subject subject = Subject::attribute;
    std::vector<std::string> path;  // The attribute's name, or the keys into the body.
    std::vector<Choice> choices;
};

// The terms of a filter's text, or what is wrong with it and where.
Result<std::vector<Term>, std::string> parse_terms(std::string_view text);

}  // namespace esteira::filters

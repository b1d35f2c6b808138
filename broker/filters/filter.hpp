#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "broker/engine/tools.hpp"
#include "common/base/result.hpp"

// The language in which subscriptions and moves say which messages they mean:
//
//   filter = term (" " term)*                  all terms must hold
//   term   = ["-"] subject ":" choice ("," choice)*    "-" turns a term round, one choice must hold
//   subject = attr.NAME | body.KEY(.KEY)* | reason | age | receives | source
//   choice = text | text* | * | <N | <=N | >N | >=N | N..M
//
// A text with a space, a comma or another sign of the language in it stands in double quotes, where
// \" and \\ are a quote and a backslash; so does such a KEY. `*` holds if there is a value at all.
// Of `age` (since the message was sent) N has a unit: ms, s, m, h or d. docs/filters.md tells
// users.
//
// What matches: attributes of type String and Number, by their text, and Numbers by value as well;
// JSON texts, numbers (by value), true, false and null. Numbers are compared as decimals, exactly.
// A list in a body holds if one of its elements does; a body that is not JSON, or has more than 32
// levels, has no fields. `reason` holds if it contains the text.
namespace esteira::filters {

inline constexpr std::size_t kFilterBytesMax = 1024;
inline constexpr std::size_t kTermsMax = 20;
inline constexpr std::size_t kChoicesMax = 64;  // Of one term.
inline constexpr std::size_t kKeysMax = 16;     // Of one path into a body.

// The filter, or what is wrong with its text and where: "character 12: ...". Never throws.
Result<std::unique_ptr<engine::Filter>, std::string> parse(std::string_view text);

}  // namespace esteira::filters

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/contracts/json_scan.hpp"

// How every contract reads a body and its fields, so that all give reasons of the same kind.
namespace esteira::contracts {

inline constexpr std::size_t kBodyBytesMax = 1 << 20;
// More items than a body of good ones can hold: the shortest has 29 bytes and a comma. A body of a
// mebibyte of `7,7,7` would otherwise be half a million refusals, and hundreds of mebibytes.
inline constexpr std::size_t kBodyItemsMax = 40'000;
static_assert(kBodyItemsMax > kBodyBytesMax / 30);

// "a text", "a number", "an object", "an array", "true", "false" or "null": what a scanned value
// is.
std::string_view kind_of(std::string_view value);

// A value as written, at most 40 bytes of it, for a reason; cut between characters.
std::string excerpt(std::string_view value);

// Hands over the elements of an array, or the one object, that `body` is. What it returns is the
// reason why the body as a whole cannot be read; `each` may have been called before that.
using ElementReader = std::function<void(const JsonElement&)>;
std::optional<std::string> read_elements(std::string_view body, const ElementReader& each,
                                         std::size_t bytes_max = kBodyBytesMax);

struct TextLimits {
    std::size_t characters_min = 0;
    std::size_t characters_max = 0;
};

// Reads a text into `out`. Returns the reason why not, naming the key; empty when it was read. An
// empty `value` is a key that is missing.
std::string read_text(std::string_view key, std::string_view value, TextLimits limits,
                      std::string& out);

}  // namespace esteira::contracts

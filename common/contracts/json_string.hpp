#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What stands between the quotes of a JSON string; for json_scan.cpp and json_string.cpp.
namespace esteira::contracts {

inline bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
inline bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// The value of four hexadecimal digits, which must be there.
std::uint32_t hex4(std::string_view digits);

// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode table 3-7: no overlong
// form, no surrogate, nothing above U+10FFFF), 0 if it is none.
std::size_t utf8_length(std::string_view text);

// The text that a scanned string stands for, escapes resolved. Half a surrogate pair, which the
// scan has reported as a flaw, becomes U+FFFD, so that keys can still be compared.
std::string resolve(std::string_view raw);

}  // namespace esteira::contracts

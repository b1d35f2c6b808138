#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.hpp"

// Numbers and text as people read them. Nothing of this belongs into JSON.
namespace esteira::cli {

std::string human_bytes(std::uint64_t bytes);  // 999 B, 1.5 KiB, 64 MiB
std::string human_count(std::uint64_t count);  // 1,234,567
std::string human_duration(Millis duration);   // 350 ms, 4.2 s, 1 m 05 s, 3 h 20 m, 2 d 04 h

// The text with every control character and broken byte as an escape (\n, \x1b), so that what a
// stranger sent cannot steer the terminal.
std::string visible(std::string_view text);

// Columns that UTF-8 text takes on a terminal: one per character, none for combining marks, two for
// the East Asian wide blocks.
std::size_t display_width(std::string_view text);

// Whether a stream of this process (1 or 2) is a terminal that wants colours (NO_COLOR, TERM=dumb).
bool wants_color(int stream);

}  // namespace esteira::cli

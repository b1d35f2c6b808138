#include "common/cli/format.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace esteira::cli {

namespace {

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t bytes = 0;  // 0: not valid UTF-8 at this place.
};

CodePoint code_point_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = byte(at);
    if (first < 0x80) {
        return {first, 1};
    }
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || at + length > text.size()) {
        return {};
    }
    std::uint32_t value = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80) {
            return {};
        }
        value = value << 6 | (byte(at + i) & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
    if (value < kLeast[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
        return {};
    }
    return {value, length};
}

// Control characters, and the marks that end a line or turn its direction.
bool is_control(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool is_combining(std::uint32_t c) {
    return (c >= 0x300 && c < 0x370) || (c >= 0x200B && c < 0x2010) || (c >= 0xFE00 && c < 0xFE10);
}

bool is_wide(std::uint32_t c) {
    return (c >= 0x1100 && c < 0x1160) || (c >= 0x2E80 && c < 0xA4D0) ||
           (c >= 0xAC00 && c < 0xD7A4) || (c >= 0xF900 && c < 0xFB00) ||
           (c >= 0xFF00 && c < 0xFF61) || (c >= 0x1F300 && c < 0x1FB00) ||
           (c >= 0x20000 && c < 0x40000);
}

template <class... Args>
std::string print(const char* format, Args... args) {
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), format, args...);
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
    constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        return print("%u B", static_cast<unsigned>(bytes));
    }
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    const bool whole = value >= 100 || value == static_cast<double>(static_cast<int>(value));
    return print(whole ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
}

std::string human_count(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

std::string human_duration(Millis duration) {
    const long long ms = duration.count();
    if (ms < 0) {
        return "-" + human_duration(-duration);
    }
    if (ms < 1000) {
        return print("%lld ms", ms);
    }
    if (ms < 59'950) {
        return print("%.1f s", static_cast<double>(ms) / 1000);
    }
    const long long s = (ms + 500) / 1000;
    if (s < 3600) {
        return print("%lld m %02lld s", s / 60, s % 60);
    }
    if (s < 86'400) {
        return print("%lld h %02lld m", s / 3600, s / 60 % 60);
    }
    return print("%lld d %02lld h", s / 86'400, s / 3600 % 24);
}

std::string visible(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint c = code_point_at(text, at);
        if (c.bytes == 0) {
            out += print("\\x%02x", static_cast<unsigned>(static_cast<std::uint8_t>(text[at])));
            ++at;
            continue;
        }
        if (c.value == '\n') {
            out += "\\n";
        } else if (c.value == '\t') {
            out += "\\t";
        } else if (c.value == '\r') {
            out += "\\r";
        } else if (is_control(c.value)) {
            out += print(c.value < 0x80 ? "\\x%02x" : "\\u%04x", c.value);
        } else {
            out += text.substr(at, c.bytes);
        }
        at += c.bytes;
    }
    return out;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint c = code_point_at(text, at);
        at += c.bytes == 0 ? 1 : c.bytes;
        if (c.bytes != 0 && is_combining(c.value)) {
            continue;
        }
        width += c.bytes != 0 && is_wide(c.value) ? 2U : 1U;
    }
    return width;
}

bool wants_color(int stream) {
    const char* no_color = std::getenv("NO_COLOR");
    if (no_color != nullptr && *no_color != '\0') {
        return false;
    }
    const char* term = std::getenv("TERM");
    return isatty(stream) == 1 && term != nullptr && std::string_view{term} != "dumb";
}

}  // namespace esteira::cli

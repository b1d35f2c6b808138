#include "common/contracts/json_string.hpp"

#include <charconv>
#include <optional>

#include "common/base/check.hpp"
#include "common/contracts/json_scan.hpp"

namespace esteira::contracts {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
    const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | point >> 6);
        put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | point >> 12);
        put(0x80 | (point >> 6 & 0x3F));
        put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | point >> 18);
        put(0x80 | (point >> 12 & 0x3F));
        put(0x80 | (point >> 6 & 0x3F));
        put(0x80 | (point & 0x3F));
    }
}

char short_escape(char letter) {
    switch (letter) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return letter;  // A quote, a backslash or a slash.
    }
}

}  // namespace

std::uint32_t hex4(std::string_view digits) {
    std::uint32_t unit = 0;
    std::from_chars(digits.data(), digits.data() + 4, unit, 16);
    return unit;
}

std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto follows = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned first = byte(0);
    if (first >= 0xC2 && first <= 0xDF) {
        return follows(1, 0x80, 0xBF) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2, 0x80, 0xBF) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
        return follows(1, low, high) && follows(2, 0x80, 0xBF) && follows(3, 0x80, 0xBF) ? 4 : 0;
    }
    return 0;
}

std::string resolve(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '\\') {
            out.push_back(raw[i]);
            continue;
        }
        ++i;
        if (raw[i] != 'u') {
            out.push_back(short_escape(raw[i]));
            continue;
        }
        std::uint32_t point = hex4(raw.substr(i + 1));
        i += 4;
        if (is_high_surrogate(point) && raw.substr(i + 1).starts_with("\\u") &&
            is_low_surrogate(hex4(raw.substr(i + 3)))) {
            point = 0x10000 + ((point - 0xD800) << 10) + (hex4(raw.substr(i + 3)) - 0xDC00);
            i += 6;
        }
        const bool half = is_high_surrogate(point) || is_low_surrogate(point);
        append_utf8(out, half ? 0xFFFD : point);
    }
    return out;
}

std::optional<std::string> json_text(std::string_view value) {
    if (!value.starts_with('"')) {
        return std::nullopt;
    }
    ESTEIRA_CHECK(value.size() >= 2);
    const std::string_view raw = value.substr(1, value.size() - 2);
    if (raw.find('\\') == std::string_view::npos) {
        return std::string(raw);
    }
    return resolve(raw);
}

}  // namespace esteira::contracts

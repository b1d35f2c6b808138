#include "common/base/text.hpp"

#include <algorithm>
#include <cstdint>

#include "common/base/limits.hpp"

namespace esteira {

namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

bool is_control(std::uint8_t byte) { return byte < 0x20 || byte == 0x7F; }

// The length of the UTF-8 character at `at`, 0 if there is none. (RFC 3629, section 4.)
std::size_t character_length(std::string_view text, std::size_t at) {
    const std::uint8_t first = byte_at(text, at);
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
        return 0;
    }
    const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (length > text.size() - at) {
        return 0;
    }
    const std::uint8_t second = byte_at(text, at + 1);
    const std::uint8_t least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const std::uint8_t most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (second < least || second > most) {
        return 0;
    }
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte_at(text, at + i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

bool queue_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

}  // namespace

bool is_text(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length = character_length(bytes, at);
        if (length == 0 || is_control(byte_at(bytes, at))) {
            return false;
        }
        at += length;
    }
    return true;
}

bool is_visible_ascii(std::string_view bytes) {
    return !bytes.empty() &&
           std::all_of(bytes.begin(), bytes.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

bool is_queue_name(std::string_view name) {
    constexpr std::string_view kFifo = ".fifo";
    if (name.size() > limits::kQueueNameBytesMax) {
        return false;
    }
    if (name.ends_with(kFifo)) {
        name.remove_suffix(kFifo.size());
    }
    return !name.empty() && std::all_of(name.begin(), name.end(), queue_name_character);
}

std::string as_clean_text(std::string_view bytes, std::size_t bytes_max) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length = character_length(bytes, at);
        if (text.size() + std::max<std::size_t>(length, 1) > bytes_max) {
            break;
        }
        if (length == 0) {
            text.push_back('?');
        } else if (is_control(byte_at(bytes, at))) {
            text.push_back(' ');
        } else {
            text.append(bytes, at, length);
        }
        at += std::max<std::size_t>(length, 1);
    }
    return text;
}

std::string_view beginning_of(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        return text;
    }
    constexpr unsigned char kContinues = 0x80;  // 10xxxxxx.
    std::size_t end = bytes_max;
    while (end > 0 && (byte_at(text, end) & 0xC0U) == kContinues) {
        --end;
    }
    return text.substr(0, end);
}

}  // namespace esteira

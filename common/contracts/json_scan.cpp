#include "common/contracts/json_scan.hpp"

#include <algorithm>
#include <charconv>

#include "common/base/check.hpp"

namespace esteira::contracts {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode table 3-7: no overlong
// form, no surrogate, nothing above U+10FFFF), 0 if it is none.
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

std::uint32_t hex4(std::string_view digits) {
    std::uint32_t unit = 0;
    std::from_chars(digits.data(), digits.data() + 4, unit, 16);
    return unit;
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

// What stands between the quotes, escapes resolved. Half a pair, which the scan has reported as a
// flaw, becomes U+FFFD so that keys can still be compared.
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

}  // namespace

std::string_view describe(JsonFlaw flaw) {
    switch (flaw) {
        case JsonFlaw::none:
            return "nothing";
        case JsonFlaw::too_deep:
            return "nested deeper than 32 levels";
        case JsonFlaw::invalid_utf8:
            return "a text is not valid UTF-8";
        case JsonFlaw::nul_character:
            return "a text holds the character U+0000";
        case JsonFlaw::lone_surrogate:
            return "a text holds half a surrogate pair";
        case JsonFlaw::duplicate_key:
            return "a key stands twice in one object";
    }
    return "unknown";
}

char JsonScanner::peek() {
    while (at_ < text_.size() && is_blank(text_[at_])) {
        ++at_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonScanner::take(char expected) {
    if (peek() != expected || at_ == text_.size()) {
        return false;
    }
    ++at_;
    return true;
}

bool JsonScanner::fail(std::string_view expected) {
    expected_ = expected;
    return false;
}

std::string JsonScanner::error() const {
    return "byte " + std::to_string(at_) + ": expected " + std::string(expected_);
}

void JsonScanner::flaw(JsonFlaw found) {
    if (element_->flaw == JsonFlaw::none) {
        element_->flaw = found;
    }
}

bool JsonScanner::scan(JsonElement& element) {
    element_ = &element;
    element.flaw = JsonFlaw::none;
    element.fields.clear();
    levels_.clear();
    keys_.clear();
    resolved_.clear();
    peek();
    const std::size_t start = at_;
    for (;;) {
        if (!begin_value()) {
            return false;
        }
        if (opened_) {
            continue;
        }
        for (;;) {  // A value is complete: what comes after it?
            if (levels_.empty()) {
                element.text = text_.substr(start, at_ - start);
                return true;
            }
            if (levels_.size() == 1 && levels_.front().object && !element.fields.empty()) {
                element.fields.back().value = text_.substr(field_start_, at_ - field_start_);
            }
            if (take(',')) {
                if (levels_.back().object && !key()) {
                    return false;
                }
                break;
            }
            if (!close()) {
                return false;
            }
        }
    }
}

// Takes a scalar or an empty container whole; of any other container only its opening (and its
// first key), and sets opened_.
bool JsonScanner::begin_value() {
    opened_ = false;
    const char c = peek();
    if (levels_.size() == 1) {
        field_start_ = at_;
    }
    switch (c) {
        case '"': {
            bool escaped = false;
            return string(escaped);
        }
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        case '{':
        case '[':
            break;
        default:
            return number();
    }
    ++at_;
    levels_.push_back({c == '{', keys_.size()});
    if (levels_.size() > kJsonDepthMax) {
        flaw(JsonFlaw::too_deep);
    }
    if (peek() == (c == '{' ? '}' : ']')) {
        return close();
    }
    opened_ = true;
    return c == '[' || key();
}

bool JsonScanner::key() {
    if (peek() != '"') {
        return fail("a key in quotes");
    }
    const std::size_t start = at_ + 1;
    bool escaped = false;
    if (!string(escaped)) {
        return false;
    }
    std::string_view key = text_.substr(start, at_ - 1 - start);
    if (escaped) {
        key = resolved_.emplace_back(resolve(key));
    }
    keys_.push_back(key);
    if (levels_.size() == 1) {
        element_->fields.push_back({key, {}});
    }
    return take(':') || fail("':'");
}

bool JsonScanner::close() {
    const Level level = levels_.back();
    if (!take(level.object ? '}' : ']')) {
        return fail(level.object ? "',' or '}'" : "',' or ']'");
    }
    if (level.object) {
        check_keys(level.first_key);
    }
    keys_.resize(level.first_key);
    levels_.pop_back();
    return true;
}

void JsonScanner::check_keys(std::size_t first) {
    constexpr std::ptrdiff_t kFew = 12;  // Below that, comparing each pair beats sorting.
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first);
    if (keys_.end() - begin > kFew) {
        std::sort(begin, keys_.end());
        if (std::adjacent_find(begin, keys_.end()) != keys_.end()) {
            flaw(JsonFlaw::duplicate_key);
        }
        return;
    }
    for (auto key = begin; key != keys_.end(); ++key) {
        if (std::find(begin, key, *key) != key) {
            flaw(JsonFlaw::duplicate_key);
        }
    }
}

bool JsonScanner::string(bool& escaped) {
    ++at_;
    while (at_ < text_.size()) {
        const auto byte = static_cast<unsigned char>(text_[at_]);
        if (byte == '"') {
            ++at_;
            return true;
        }
        if (byte == '\\') {
            escaped = true;
            if (!escape()) {
                return false;
            }
        } else if (byte < 0x20) {
            return fail("no control character in a text");
        } else if (byte < 0x80) {
            ++at_;
        } else {
            const std::size_t length = utf8_length(text_.substr(at_));
            if (length == 0) {
                flaw(JsonFlaw::invalid_utf8);
            }
            at_ += std::max<std::size_t>(length, 1);
        }
    }
    return fail("the closing quote of a text");
}

bool JsonScanner::escape() {
    ++at_;
    if (at_ == text_.size()) {
        return fail("an escape");
    }
    const char letter = text_[at_];
    if (letter != 'u') {
        if (std::string_view("\"\\/bfnrt").find(letter) == std::string_view::npos) {
            return fail("an escape");
        }
        ++at_;
        return true;
    }
    ++at_;
    std::uint32_t unit = 0;
    if (!code_unit(unit)) {
        return false;
    }
    if (unit == 0) {
        flaw(JsonFlaw::nul_character);
    }
    if (is_low_surrogate(unit)) {
        flaw(JsonFlaw::lone_surrogate);
    }
    if (!is_high_surrogate(unit)) {
        return true;
    }
    if (!text_.substr(at_).starts_with("\\u")) {
        flaw(JsonFlaw::lone_surrogate);
        return true;
    }
    const std::size_t second = at_;
    at_ += 2;
    if (!code_unit(unit)) {
        return false;
    }
    if (!is_low_surrogate(unit)) {
        flaw(JsonFlaw::lone_surrogate);
        at_ = second;  // It may be the first half of another pair, or U+0000.
    }
    return true;
}

bool JsonScanner::code_unit(std::uint32_t& unit) {
    const std::string_view digits = text_.substr(at_, 4);
    const auto is_hex = [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    if (digits.size() != 4 || !std::all_of(digits.begin(), digits.end(), is_hex)) {
        return fail("four hexadecimal digits");
    }
    unit = hex4(digits);
    at_ += 4;
    return true;
}

bool JsonScanner::digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
        ++at_;
    }
    return at_ > start || fail("a digit");
}

bool JsonScanner::number() {
    const auto next = [this] { return at_ < text_.size() ? text_[at_] : '\0'; };
    if (next() != '-' && !is_digit(next())) {
        return fail("a value");
    }
    if (next() == '-') {
        ++at_;
    }
    if (next() == '0') {
        ++at_;
        if (is_digit(next())) {
            return fail("no digit after a leading 0");
        }
    } else if (!digits()) {
        return false;
    }
    if (next() == '.') {
        ++at_;
        if (!digits()) {
            return false;
        }
    }
    if (next() == 'e' || next() == 'E') {
        ++at_;
        if (next() == '+' || next() == '-') {
            ++at_;
        }
        if (!digits()) {
            return false;
        }
    }
    return true;
}

bool JsonScanner::word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) {
        return fail("a value");
    }
    at_ += expected.size();
    return true;
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

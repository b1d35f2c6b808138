#include "common/contracts/json_scan.hpp"

#include <algorithm>

#include "common/contracts/json_string.hpp"

namespace esteira::contracts {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

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
    depth_ = 0;
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
    depth_ = std::max(depth_, levels_.size());
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

}  // namespace esteira::contracts

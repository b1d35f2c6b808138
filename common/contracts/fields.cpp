#include "common/contracts/fields.hpp"

#include <algorithm>

namespace esteira::contracts {
namespace {

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::size_t characters(std::string_view text) {
    return text.size() -
           static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_character));
}

// False: not JSON.
bool read_array(JsonScanner& scanner, const ElementReader& each) {
    scanner.take('[');
    if (scanner.take(']')) {
        return true;
    }
    JsonElement element;
    do {
        if (!scanner.scan(element)) {
            return false;
        }
        each(element);
    } while (scanner.take(','));
    return scanner.take(']') || scanner.fail("',' or ']'");
}

}  // namespace

std::string_view kind_of(std::string_view value) {
    switch (value.empty() ? '\0' : value.front()) {
        case '"':
            return "a text";
        case '{':
            return "an object";
        case '[':
            return "an array";
        case 't':
            return "true";
        case 'f':
            return "false";
        case 'n':
            return "null";
        default:
            return "a number";
    }
}

std::string excerpt(std::string_view value) {
    constexpr std::size_t kBytesMax = 40;
    if (value.size() <= kBytesMax) {
        return std::string(value);
    }
    std::size_t end = kBytesMax;
    while (end > 0 && continues_character(value[end])) {
        --end;
    }
    return std::string(value.substr(0, end)) + "...";
}

std::optional<std::string> read_elements(std::string_view body, const ElementReader& each,
                                         std::size_t bytes_max) {
    if (body.size() > bytes_max) {
        return "the body has " + std::to_string(body.size()) + " bytes; at most " +
               std::to_string(bytes_max) + " are read";
    }
    JsonScanner scanner(body);
    JsonElement single;
    const bool array = scanner.peek() == '[';
    bool whole = array ? read_array(scanner, each) : scanner.scan(single);
    if (whole && !scanner.at_end()) {
        whole = scanner.fail("nothing more");
    }
    if (!whole) {
        return "the body is not JSON: " + scanner.error();
    }
    if (array) {
        return std::nullopt;
    }
    if (!single.is_object()) {
        return "the body is " + std::string(kind_of(single.text)) +
               "; an object or an array of objects is expected";
    }
    each(single);
    return std::nullopt;
}

std::string read_text(std::string_view key, std::string_view value, TextLimits limits,
                      std::string& out) {
    const std::string name(key);
    if (value.empty()) {
        return name + " is missing";
    }
    auto text = json_text(value);
    if (!text) {
        return name + " is " + std::string(kind_of(value)) + "; a text is expected";
    }
    const std::size_t count = characters(*text);
    if (count < limits.characters_min) {
        return name + " is empty";
    }
    if (count > limits.characters_max) {
        return name + " has " + std::to_string(count) + " characters; at most " +
               std::to_string(limits.characters_max) + " are stored";
    }
    out = std::move(*text);
    return {};
}

}  // namespace esteira::contracts

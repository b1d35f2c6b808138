#include "broker/filters/json_fields.hpp"

#include <algorithm>

#include "common/contracts/json_scan.hpp"

namespace esteira::filters {

namespace {

using contracts::JsonElement;
using contracts::JsonScanner;
using Found = std::function<bool(std::string_view)>;

// Whether one of the elements of the list `text` does it. The elements of lists in lists are lists.
bool any_element(std::string_view text, const Found& found) {
    JsonScanner scanner(text);
    scanner.take('[');
    JsonElement element;
    while (scanner.peek() != ']' && scanner.scan(element)) {
        if (found(element.text)) {
            return true;
        }
        scanner.take(',');
    }
    return false;
}

}  // namespace

bool is_json(std::string_view text) {
    JsonScanner scanner(text);
    JsonElement element;
    return scanner.scan(element) && scanner.at_end() && scanner.depth() <= contracts::kJsonDepthMax;
}

// It goes into itself once a key and once a list before it: a path is short, whatever the text is.
bool any_value(std::string_view text, std::span<const std::string> path, const Found& found) {
    const auto in_object = [&](std::string_view object) {
        JsonScanner scanner(object);
        JsonElement element;
        if (!object.starts_with('{') || !scanner.scan(element)) {
            return false;
        }
        return std::any_of(element.fields.begin(), element.fields.end(), [&](const auto& field) {
            return field.key == path.front() && any_value(field.value, path.subspan(1), found);
        });
    };
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    const bool list = text.starts_with('[');
    if (path.empty()) {
        return found(text) || (list && any_element(text, found));
    }
    return list ? any_element(text, in_object) : in_object(text);
}

}  // namespace esteira::filters

#include "broker/filters/json_fields.hpp"

#include <algorithm>
#include <functional>

namespace esteira::filters {

namespace {

using contracts::JsonElement;
using contracts::JsonField;
using contracts::JsonScanner;

constexpr auto kByKey = [](const JsonField& a, const JsonField& b) { return a.key < b.key; };

template <class Each>
void for_each_element(std::string_view list, const Each& each) {
    JsonScanner scanner(list);
    scanner.take('[');
    JsonElement element;
    while (scanner.peek() != ']' && scanner.scan(element)) {
        each(element);
        scanner.take(',');
    }
}

bool lies_in(std::string_view part, std::string_view text) {
    const std::less<> before;
    return !before(part.data(), text.data()) && before(part.data(), text.data() + text.size());
}

}  // namespace

JsonFields::JsonFields(std::string_view text) {
    JsonScanner scanner(text);
    JsonElement element;
    if (!scanner.scan(element) || !scanner.at_end() || scanner.depth() > contracts::kJsonDepthMax) {
        root_.below.emplace();
        return;
    }
    whole_.value = element.text;
    root_.fields = {&whole_, 1};
    if (element.is_object()) {  // Its fields are known already.
        root_.below.emplace();
        keep(root_, whole_.value, element);
        std::sort(root_.below->begin(), root_.below->end(), kByKey);
    }
}

void JsonFields::keep(Place& place, std::string_view text, const JsonElement& element) {
    for (JsonField field : element.fields) {
        if (!lies_in(field.key, text)) {  // The scanner's, which is about to go.
            field.key = resolved_.emplace_back(field.key);
        }
        place.below->push_back(field);
    }
}

void JsonFields::find_below(Place& place) {
    place.below.emplace();
    for (const JsonField& field : place.fields) {
        const std::string_view text = field.value;
        if (text.starts_with('[')) {
            for_each_element(text, [&](const JsonElement& one) { keep(place, text, one); });
        } else if (text.starts_with('{')) {
            JsonScanner scanner(text);
            JsonElement object;
            scanner.scan(object);
            keep(place, text, object);
        }
    }
    std::sort(place.below->begin(), place.below->end(), kByKey);
}

JsonFields::Place* JsonFields::step(Place& from, std::string_view key) {
    if (const auto known = from.places.find(key); known != from.places.end()) {
        return known->second.get();
    }
    if (!from.below) {
        find_below(from);
    }
    const auto [first, last] =
        std::equal_range(from.below->begin(), from.below->end(), JsonField{key, {}}, kByKey);
    if (first == last) {
        return nullptr;
    }
    auto& place = from.places[first->key];
    place = std::make_unique<Place>();
    place->fields = {first, last};
    return place.get();
}

// It goes a key deeper in each round and never into itself: a path is short, whatever the text is.
FieldValues* JsonFields::at(std::span<const std::string> path) {
    Place* place = &root_;
    for (const std::string& key : path) {
        place = step(*place, key);
        if (place == nullptr) {
            return nullptr;
        }
    }
    if (!place->values) {
        place->values = std::make_unique<FieldValues>();
        for (const JsonField& field : place->fields) {
            place->values->add(field.value);
            if (field.value.starts_with('[')) {
                for_each_element(field.value,
                                 [&](const JsonElement& one) { place->values->add(one.text); });
            }
        }
    }
    return place->values.get();
}

}  // namespace esteira::filters

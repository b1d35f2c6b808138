#include "broker/engine/tags.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/text.hpp"

namespace esteira::engine {

namespace {

// Kept for the services of others, in any case.
bool is_reserved(const std::string& key) {
    constexpr std::string_view kReserved = "aws:";
    return key.size() >= kReserved.size() &&
           std::equal(kReserved.begin(), kReserved.end(), key.begin(), [](char a, char b) {
               return a == b || (b >= 'A' && b <= 'Z' && a == b + 32);
           });
}

}  // namespace

std::string fault_in_tags(const dialogue::Attributes& tags) {
    if (tags.size() > limits::kTagsMax) {
        return "a queue has at most 50 tags";
    }
    for (const auto& [key, value] : tags) {
        if (key.empty() || key.size() > limits::kTagKeyBytesMax ||
            value.size() > limits::kTagValueBytesMax || !is_text(key) || !is_text(value)) {
            return "a tag's key has 1 to 128 bytes of text, its value at most 256";
        }
        if (is_reserved(key)) {
            return "a tag's key does not begin with aws:";
        }
    }
    return {};
}

dialogue::Attributes with_tags(dialogue::Attributes tags, const dialogue::Attributes& set,
                               const std::vector<std::string>& removed) {
    std::erase_if(tags, [&](const auto& tag) {
        return std::find(removed.begin(), removed.end(), tag.first) != removed.end();
    });
    for (const auto& [key, value] : set) {
        const auto same = std::find_if(tags.begin(), tags.end(),
                                       [&key = key](const auto& tag) { return tag.first == key; });
        if (same != tags.end()) {
            same->second = value;
        } else {
            tags.emplace_back(key, value);
        }
    }
    return tags;
}

}  // namespace esteira::engine

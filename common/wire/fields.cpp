#include "common/wire/fields.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/text.hpp"
#include "common/wire/layout.hpp"

namespace esteira::wire {

dialogue::Receipt read_receipt(Reader& reader) {
    const auto bytes = reader.get_binary();
    if (bytes.size() != kReceiptBytes) {
        reader.fail("a receipt has 36 bytes");
        return {};
    }
    return receipt_from(bytes);
}

dialogue::Attributes read_attributes(Reader& reader) {
    dialogue::Attributes attributes;
    const std::uint32_t count = reader.get_map();
    if (count > limits::kQueueAttributesMax) {
        reader.fail("a queue has at most 128 attributes or tags");
        return attributes;
    }
    attributes.reserve(count);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        const auto name = reader.get_text();
        if (name.empty() || name.size() > limits::kQueueAttributeNameBytesMax || !is_text(name)) {
            reader.fail("the name of an attribute or tag has 1 to 256 bytes of text");
        }
        const auto twice = [&](const auto& other) { return other.first == name; };
        if (std::any_of(attributes.begin(), attributes.end(), twice)) {
            reader.fail("a name stands twice");
        }
        const auto value = reader.get_text();
        if (value.size() > limits::kQueueAttributeBytesMax || !is_text(value)) {
            reader.fail("the value of an attribute or tag has at most 16384 bytes of text");
        }
        attributes.emplace_back(name, value);
    }
    return attributes;
}

void read_array_of(Reader& reader, std::uint32_t count, const char* rule) {
    if (reader.get_array() != count) {
        reader.fail(rule);
    }
}

std::uint32_t read_array_upto(Reader& reader, std::uint32_t most, const char* rule) {
    const std::uint32_t count = reader.get_array();
    if (count > most) {
        reader.fail(rule);
    }
    return reader.ok() ? count : 0;
}

}  // namespace esteira::wire

#include "common/wire/fields.hpp"

#include <algorithm>

#include "common/base/attributes.hpp"
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

std::string_view read_queue_name(Reader& in) {
    const auto name = in.get_text();
    if (!is_queue_name(name)) {
        in.fail("a queue's name has 1 to 80 letters, digits, _ and -, and may end in .fifo");
    }
    return name;
}

std::string_view read_target_name(Reader& in) {
    const auto name = in.get_text();
    if (!name.empty() && !is_queue_name(name)) {
        in.fail("a message is sent on to a queue's name, or to none for the dead letters");
    }
    return name;
}

std::string_view read_reason(Reader& in) {
    return read_name(in, limits::kReasonBytesMax, "a reason has at most 512 bytes of text");
}

std::string_view read_name(Reader& in, std::size_t bytes_max, const char* rule) {
    const auto name = in.get_text();
    if (name.size() > bytes_max || !is_text(name)) {
        in.fail(rule);
    }
    return name;
}

std::string_view read_id(Reader& in, std::size_t bytes_max, const char* rule) {
    const auto id = in.get_text();
    if (id.size() > bytes_max || !is_visible_ascii(id)) {
        in.fail(rule);
    }
    return id;
}

dialogue::AttributeBlock read_message_attributes(Reader& in) {
    const auto block = in.get_binary();
    if (const auto attributes = unpack_attributes(block); !attributes) {
        in.fail(attributes.error().data());
    }
    return block;
}

Millis read_millis(Reader& in, Millis most, const char* rule) {
    return Millis{in.get_between(0, static_cast<std::uint32_t>(most.count()), rule)};
}

std::optional<Millis> read_visibility(Reader& in) {
    if (in.take_nil()) {
        return std::nullopt;
    }
    return read_millis(in, limits::kVisibilityMax, "a visibility is 0 to 43200000 ms");
}

std::pair<std::uint32_t, std::uint32_t> read_range(Reader& in) {
    constexpr std::uint32_t kMost = limits::kReceiveCountMax;
    const std::uint32_t index = in.get_between(0, kMost - 1, "an index is 0 to 9999");
    const std::uint32_t count =
        in.get_between(1, kMost - index, "a count is 1 to what a delivery can have behind index");
    return {index, count};
}

}  // namespace esteira::wire

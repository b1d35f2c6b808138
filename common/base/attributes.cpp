#include "common/base/attributes.hpp"

#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"

namespace esteira {

namespace {

constexpr std::size_t kHeadBytes = 8;

bool name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

bool starts_with_any_case(std::string_view text, std::string_view prefix) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(),
                      [&](char a, char b) { return a == lower(b); });
}

std::string_view fault_in(const Attribute& attribute) {
    const std::string_view name = attribute.name;
    if (name.empty() || name.size() > limits::kAttributeNameBytesMax) {
        return "an attribute's name has 1 to 256 characters";
    }
    if (!std::all_of(name.begin(), name.end(), name_character)) {
        return "an attribute's name has only letters, digits, and _ - .";
    }
    if (name.front() == '.' || name.back() == '.' || name.find("..") != std::string_view::npos) {
        return "an attribute's name neither starts nor ends with a period, nor has two in a row";
    }
    if (starts_with_any_case(name, "aws.") || starts_with_any_case(name, "amazon.")) {
        return "an attribute's name does not start with AWS. or Amazon.";
    }
    const std::string_view kind = attribute.type.substr(0, attribute.type.find('.'));
    if (attribute.type.size() > limits::kAttributeNameBytesMax ||
        (kind != "String" && kind != "Number" && kind != "Binary")) {
        return "an attribute's type is String, Number or Binary, with an optional .label";
    }
    if (attribute.value.empty()) {
        return "an attribute's value is not empty";
    }
    return {};
}

}  // namespace

std::vector<std::byte> pack_attributes(std::span<const Attribute> attributes) {
    std::size_t size = 0;
    for (const Attribute& a : attributes) {
        size += kHeadBytes + a.name.size() + a.type.size() + a.value.size();
    }
    std::vector<std::byte> block(size);
    ByteWriter writer(block);
    for (const Attribute& a : attributes) {
        writer.put(static_cast<std::uint16_t>(a.name.size()));
        writer.put(static_cast<std::uint16_t>(a.type.size()));
        writer.put(static_cast<std::uint32_t>(a.value.size()));
        writer.put_bytes(as_bytes(a.name));
        writer.put_bytes(as_bytes(a.type));
        writer.put_bytes(a.value);
    }
    return block;
}

Result<std::vector<Attribute>, std::string_view> unpack_attributes(
    std::span<const std::byte> block) {
    std::vector<Attribute> attributes;
    ByteReader reader(block);
    while (reader.ok() && !reader.at_end()) {
        const auto name_length = reader.get<std::uint16_t>();
        const auto type_length = reader.get<std::uint16_t>();
        const auto value_length = reader.get<std::uint32_t>();
        Attribute attribute;
        attribute.name = reader.get_text(name_length);
        attribute.type = reader.get_text(type_length);
        attribute.value = reader.get_bytes(value_length);
        if (!reader.ok()) {
            return std::string_view("the attributes are cut short");
        }
        if (const auto fault = fault_in(attribute); !fault.empty()) {
            return fault;
        }
        for (const Attribute& other : attributes) {
            if (other.name == attribute.name) {
                return std::string_view("an attribute's name stands twice");
            }
        }
        if (attributes.size() == limits::kAttributesMax) {
            return std::string_view("a message has at most 10 attributes");
        }
        attributes.push_back(attribute);
    }
    return attributes;
}

std::size_t attribute_bytes(std::span<const std::byte> block) {
    std::size_t heads = 0;
    ByteReader reader(block);
    while (reader.ok() && !reader.at_end()) {
        const auto name_length = reader.get<std::uint16_t>();
        const auto type_length = reader.get<std::uint16_t>();
        const auto value_length = reader.get<std::uint32_t>();
        reader.get_bytes(std::size_t{name_length} + type_length + value_length);
        heads += kHeadBytes;
    }
    return block.size() - std::min(heads, block.size());
}

}  // namespace esteira

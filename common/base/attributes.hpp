#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

// Message attributes as one block of bytes, the same on the wire and in the journal:
//
//   block     = attribute*                                    an empty block has no attribute
//   attribute = name_length u16, type_length u16, value_length u32, name, type, value
//               all integers little-endian; type is `String`, `Number` or `Binary`, with an
//               optional
//               `.label` (Amazon SQS, message attributes)
namespace esteira {

struct Attribute {
    std::string_view name;
    std::string_view type;
    std::span<const std::byte> value;
};

std::vector<std::byte> pack_attributes(std::span<const Attribute> attributes);

// The attributes of a block, as views into it, or why it is not one: broken layout, more than
// kAttributesMax, a name, type or value that Amazon SQS refuses, a name twice.
Result<std::vector<Attribute>, std::string_view> unpack_attributes(
    std::span<const std::byte> block);

// What a block adds to the size of its message: the bytes of names, types and values.
std::size_t attribute_bytes(std::span<const std::byte> block);

}  // namespace esteira

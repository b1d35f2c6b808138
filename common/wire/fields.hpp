#pragma once

#include "common/base/dialogue.hpp"
#include "common/wire/reader.hpp"

// Fields that stand in requests and in responses.
namespace esteira::wire {

dialogue::Receipt read_receipt(Reader& reader);

// {name: value} of queue attributes and tags, within the limits and no name twice.
dialogue::Attributes read_attributes(Reader& reader);

// The next value is an array of `count` elements, or the reader fails with `rule`.
void read_array_of(Reader& reader, std::uint32_t count, const char* rule);

// An array of at most `most` elements.
std::uint32_t read_array_upto(Reader& reader, std::uint32_t most, const char* rule);

}  // namespace esteira::wire

#pragma once

#include "common/base/dialogue.hpp"
#include "common/wire/reader.hpp"

// Fields that stand in more than one place. What is wrong with one, the reader remembers.
namespace esteira::wire {

dialogue::Receipt read_receipt(Reader& reader);

// {name: value} of queue attributes and tags, within the limits and no name twice.
dialogue::Attributes read_attributes(Reader& reader);

// The next value is an array of `count` elements, or the reader fails with `rule`.
void read_array_of(Reader& reader, std::uint32_t count, const char* rule);

// An array of at most `most` elements.
std::uint32_t read_array_upto(Reader& reader, std::uint32_t most, const char* rule);

std::string_view read_queue_name(Reader& in);
std::string_view read_target_name(Reader& in);  // A queue's, or empty: the dead letters.

// Text of at most `bytes_max`, or the reader fails with `rule`. An id has visible ASCII, and some.
std::string_view read_name(Reader& in, std::size_t bytes_max, const char* rule);
std::string_view read_reason(Reader& in);
std::string_view read_id(Reader& in, std::size_t bytes_max, const char* rule);

dialogue::AttributeBlock read_message_attributes(Reader& in);

// 0 to `most`, or the reader fails with `rule`.
Millis read_millis(Reader& in, Millis most, const char* rule);
std::optional<Millis> read_visibility(Reader& in);

// Which messages of a delivery: their index and count.
std::pair<std::uint32_t, std::uint32_t> read_range(Reader& in);

}  // namespace esteira::wire

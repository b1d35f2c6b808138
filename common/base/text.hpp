#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text that is shown to people and put into JSON later: UTF-8 (RFC 3629), no control characters.
namespace esteira {

bool is_text(std::string_view bytes);

// 1 character at least, all of them visible ASCII (0x21 to 0x7E): ids that become keys.
bool is_visible_ascii(std::string_view bytes);

// The queue names of Amazon SQS: 1 to 80 of A-Z a-z 0-9 _ -, a trailing ".fifo" included.
bool is_queue_name(std::string_view name);

// Any bytes as text of at most `bytes_max` bytes: control characters become spaces, what is not
// UTF-8 becomes '?', and the end is cut between two characters.
std::string as_clean_text(std::string_view bytes, std::size_t bytes_max);

// The beginning of UTF-8 text that is at most `bytes_max` bytes, cut between two characters.
std::string_view beginning_of(std::string_view text, std::size_t bytes_max);

}  // namespace esteira

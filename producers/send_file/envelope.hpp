#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

namespace esteira::send_file {

// A message as it is read from one line.
struct Message {
    std::string body;
    std::optional<Millis> delay;
    std::vector<std::byte> attributes;  // As a block, see common/base/attributes.hpp.
    std::string group{};                // FIFO and fair queues.
    std::string dedup{};                // FIFO queues.
};

// The attributes of messages that are no envelopes, each NAME=VALUE, as a block; or why they are
// none.
Result<std::vector<std::byte>, std::string> attributes_of_words(
    const std::vector<std::string>& words);

// {"body":"...","delay":5,"attributes":{"loja":"SP01","n":{"type":"Number","value":"7"}}}
// The body is text, or "body_base64"; the delay is in seconds; an attribute that is plain text is a
// String; "group" and "dedup" are for FIFO queues. What else stands there is an error. Or why the
// line is none.
Result<Message, std::string> read_envelope(std::string_view line);

}  // namespace esteira::send_file

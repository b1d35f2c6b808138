#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/dialogue.hpp"

// One message of a delivery as a word that people can paste: base64url of queue, first, count,
// index (little-endian) and the MAC.
namespace esteira::control {

struct MessageReceipt {
    dialogue::Receipt receipt;
    std::uint32_t index = 0;
    bool operator==(const MessageReceipt&) const = default;
};

std::string text_of(const MessageReceipt& receipt);

// Nothing when the text is no receipt. (Whether it is a good one, the broker says.)
std::optional<MessageReceipt> receipt_of(std::string_view text);

}  // namespace esteira::control

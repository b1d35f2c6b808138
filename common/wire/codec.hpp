#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/base/dialogue.hpp"
#include "common/base/result.hpp"
#include "common/wire/buffer.hpp"

// The frames of FORMAT.md to the values of common/base/dialogue.hpp and back. Knows bytes only, no
// socket. The one room that includes msgpack.
namespace esteira::wire {

// Why a frame was refused, and the request's number as far as it could be read (0: it could not).
struct Malformed {
    std::uint64_t number = 0;
    dialogue::Refused refused;
};

// Any bytes may come in. A request that comes out is within all limits of common/base/limits.hpp
// that do not depend on the broker's state; not yet checked are: receipts (MAC; index + count
// within the receipt's count) and the queue's own limits. Views point into `frame`.
Result<dialogue::Request, Malformed> decode_request(std::span<const std::byte> frame);

// As above, for clients. Keys and codes of a newer broker are no error.
Result<dialogue::Response, Malformed> decode_response(std::span<const std::byte> frame);

// Append one frame to `out`, in one pass. Limits are for the receiver to check.
void encode(const dialogue::Request& request, Buffer& out);
void encode(const dialogue::Response& response, Buffer& out);

}  // namespace esteira::wire

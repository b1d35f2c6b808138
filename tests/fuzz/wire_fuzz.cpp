#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "common/wire/codec.hpp"

// Any bytes as a frame: no crash, and what was accepted can be written and is accepted again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace esteira;
    const auto frame = std::as_bytes(std::span(data, size));
    wire::Buffer again;
    if (const auto request = wire::decode_request(frame)) {
        encode(request.value(), again);
        if (!wire::decode_request(again.bytes())) {
            std::abort();
        }
    }
    again.clear();
    if (const auto response = wire::decode_response(frame)) {
        encode(response.value(), again);
        if (!wire::decode_response(again.bytes())) {
            std::abort();
        }
    }
    return 0;
}

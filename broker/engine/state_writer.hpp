#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace esteira::engine {

// Little-endian fields, as ByteWriter writes them, into room that grows.
class StateWriter {
public:
    template <class Number>
    void put(Number number) {
        put_bytes(std::as_bytes(std::span(&number, 1)));
    }
    void put_bytes(std::span<const std::byte> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    bool empty() const { return bytes_.empty(); }
    std::vector<std::byte> take() { return std::move(bytes_); }

private:
    std::vector<std::byte> bytes_;
};

}  // namespace esteira::engine

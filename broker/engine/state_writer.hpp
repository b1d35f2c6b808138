#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
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
        if (!bytes.empty()) {
            bytes_.resize(bytes_.size() + bytes.size());
            std::memcpy(bytes_.data() + bytes_.size() - bytes.size(), bytes.data(), bytes.size());
        }
    }
    bool empty() const { return bytes_.empty(); }
    std::vector<std::byte> take() { return std::move(bytes_); }

private:
    std::vector<std::byte> bytes_;
};

}  // namespace esteira::engine

#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "common/base/check.hpp"

// Little-endian fields in a run of bytes: the one way that journal frames are written and read.
namespace esteira {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

inline std::span<const std::byte> as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Writes into room that was measured before; running over is a bug.
class ByteWriter {
public:
    explicit ByteWriter(std::span<std::byte> room) : room_(room) {}

    template <class Number>
    requires std::is_integral_v<Number> || std::is_enum_v<Number>
    void put(Number number) { put_bytes(std::as_bytes(std::span(&number, 1))); }
    void put_bytes(std::span<const std::byte> bytes) {
        ESTEIRA_CHECK(bytes.size() <= room_.size() - used_);
        if (!bytes.empty()) {
            std::memcpy(room_.data() + used_, bytes.data(), bytes.size());
        }
        used_ += bytes.size();
    }
    std::size_t used() const { return used_; }

private:
    std::span<std::byte> room_;
    std::size_t used_ = 0;
};

// Reads bytes from outside: whatever is missing or too long makes `ok()` false, for good, and every
// later value zero or empty. Nothing is ever read beyond the end.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    template <class Number>
    requires std::is_integral_v<Number> || std::is_enum_v<Number> Number get() {
        Number number{};
        const auto bytes = get_bytes(sizeof(Number));
        if (ok_) {
            std::memcpy(&number, bytes.data(), sizeof(Number));
        }
        return number;
    }
    std::span<const std::byte> get_bytes(std::size_t count) {
        if (!ok_ || count > bytes_.size() - used_) {
            ok_ = false;
            return {};
        }
        used_ += count;
        return bytes_.subspan(used_ - count, count);
    }
    std::string_view get_text(std::size_t count) { return as_text(get_bytes(count)); }

    bool ok() const { return ok_; }
    bool at_end() const { return ok_ && used_ == bytes_.size(); }
    std::size_t used() const { return used_; }
    std::size_t left() const { return bytes_.size() - used_; }
    void fail() { ok_ = false; }

private:
    std::span<const std::byte> bytes_;
    std::size_t used_ = 0;
    bool ok_ = true;
};

}  // namespace esteira

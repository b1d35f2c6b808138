#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/base/check.hpp"

namespace esteira::wire {

// Takes one msgpack value after the other from bytes that anyone may have sent. The first value
// that is cut short, of another type or out of range fails the reader for good: it remembers why
// and where, and every later value is zero or empty. It allocates nothing and reads nothing beyond
// the end. (msgpack-c's own ways to read build an object tree or call back for each value; a
// frame's shape is known here, and pulling its values costs a tenth.)
class Reader {
public:
    static constexpr int kDepthMax = 32;

    explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    bool ok() const { return fault_ == nullptr; }
    bool at_end() const { return used_ == bytes_.size(); }

    // `fault` is a literal. The first one stays.
    void fail(const char* fault);
    // "<fault> (at byte <n>)"
    std::string reason() const;

    std::uint64_t get_unsigned();
    std::int64_t get_signed();
    // `rule` says the range in words, and is the reason if the integer is outside.
    std::uint32_t get_between(std::uint32_t least, std::uint32_t most, const char* rule);
    bool get_bool();
    std::string_view get_text();
    std::span<const std::byte> get_binary();
    // The number of elements or pairs that follow.
    std::uint32_t get_array();
    std::uint32_t get_map();

    // True, and consumed, when the next value is nil.
    bool take_nil();
    bool next_is_binary() const;
    bool next_is_integer() const;

    // Passes over one value, whatever it is.
    void skip() { skip(kDepthMax); }

private:
    struct Integer {
        std::uint64_t bits = 0;  // Two's complement when negative.
        bool negative = false;
    };

    // The next byte; the value that it begins is where a fault is reported.
    std::uint8_t begin();
    std::uint8_t peek() const;
    template <class Number>
    Number big_endian();
    std::span<const std::byte> take(std::size_t count);
    std::uint32_t declare(std::uint32_t count, std::uint32_t each);
    Integer get_integer();
    void skip(int depth);

    std::span<const std::byte> bytes_;
    std::size_t used_ = 0;
    std::size_t value_at_ = 0;
    std::size_t declared_ = 0;  // Elements of all arrays and maps so far.
    const char* fault_ = nullptr;
};

// One small-integer map: `for (KeyedMap map(reader); map.next();) switch (map.key()) ...`. A key
// that stands twice fails the reader; so does an absurd one.
class KeyedMap {
public:
    explicit KeyedMap(Reader& reader) : reader_(reader), left_(reader.get_map()) {}

    bool next();
    std::uint32_t key() const { return key_; }

private:
    Reader& reader_;
    std::uint32_t left_;
    std::uint32_t key_ = 0;
    std::uint64_t seen_ = 0;
};

}  // namespace esteira::wire

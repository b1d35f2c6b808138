#include "common/wire/reader.hpp"

#include <bit>
#include <cstring>
#include <limits>

#include "common/base/bytes.hpp"

namespace esteira::wire {

namespace {

// The first byte of a value (msgpack specification, "Formats").
namespace format {
constexpr std::uint8_t kPositiveFixLast = 0x7F;
constexpr std::uint8_t kFixMap = 0x80;    // + count, to 0x8F
constexpr std::uint8_t kFixArray = 0x90;  // + count, to 0x9F
constexpr std::uint8_t kFixText = 0xA0;   // + length, to 0xBF
constexpr std::uint8_t kNil = 0xC0;
constexpr std::uint8_t kFalse = 0xC2;
constexpr std::uint8_t kTrue = 0xC3;
constexpr std::uint8_t kBinary8 = 0xC4;
constexpr std::uint8_t kBinary16 = 0xC5;
constexpr std::uint8_t kBinary32 = 0xC6;
constexpr std::uint8_t kExtension8 = 0xC7;
constexpr std::uint8_t kExtension16 = 0xC8;
constexpr std::uint8_t kExtension32 = 0xC9;
constexpr std::uint8_t kFloat32 = 0xCA;
constexpr std::uint8_t kFloat64 = 0xCB;
constexpr std::uint8_t kUnsigned8 = 0xCC;
constexpr std::uint8_t kUnsigned16 = 0xCD;
constexpr std::uint8_t kUnsigned32 = 0xCE;
constexpr std::uint8_t kUnsigned64 = 0xCF;
constexpr std::uint8_t kSigned8 = 0xD0;
constexpr std::uint8_t kSigned16 = 0xD1;
constexpr std::uint8_t kSigned32 = 0xD2;
constexpr std::uint8_t kSigned64 = 0xD3;
constexpr std::uint8_t kFixExtension1 = 0xD4;  // to 0xD8: 1, 2, 4, 8, 16 bytes
constexpr std::uint8_t kFixExtension16 = 0xD8;
constexpr std::uint8_t kText8 = 0xD9;
constexpr std::uint8_t kText16 = 0xDA;
constexpr std::uint8_t kText32 = 0xDB;
constexpr std::uint8_t kArray16 = 0xDC;
constexpr std::uint8_t kArray32 = 0xDD;
constexpr std::uint8_t kMap16 = 0xDE;
constexpr std::uint8_t kMap32 = 0xDF;
constexpr std::uint8_t kNegativeFix = 0xE0;  // to 0xFF: -32 .. -1
}  // namespace format

template <class Number>
constexpr Number swapped(Number number) {
    if constexpr (sizeof(Number) == 1) {
        return number;
    } else if constexpr (sizeof(Number) == 2) {
        return __builtin_bswap16(number);
    } else if constexpr (sizeof(Number) == 4) {
        return __builtin_bswap32(number);
    } else {
        return __builtin_bswap64(number);
    }
}

}  // namespace

void Reader::fail(const char* fault) {
    if (fault_ == nullptr) {
        fault_ = fault;
    }
}

std::string Reader::reason() const {
    ESTEIRA_CHECK(fault_ != nullptr);
    return std::string(fault_) + " (at byte " + std::to_string(value_at_) + ")";
}

std::uint8_t Reader::peek() const {
    // Where there is no value, the one byte that msgpack never uses: it is of no type.
    constexpr std::uint8_t kNever = 0xC1;
    return ok() && used_ < bytes_.size() ? std::to_integer<std::uint8_t>(bytes_[used_]) : kNever;
}

std::uint8_t Reader::begin() {
    const std::uint8_t first = peek();
    if (ok()) {
        value_at_ = used_;
        if (at_end()) {
            fail("the frame is cut short");
        } else {
            ++used_;
        }
    }
    return first;
}

std::span<const std::byte> Reader::take(std::size_t count) {
    if (!ok()) {
        return {};
    }
    if (count > bytes_.size() - used_) {
        fail("the frame is cut short");
        return {};
    }
    used_ += count;
    return bytes_.subspan(used_ - count, count);
}

template <class Number>
Number Reader::big_endian() {
    const auto bytes = take(sizeof(Number));
    Number number{};
    if (bytes.size() == sizeof(Number)) {
        std::memcpy(&number, bytes.data(), sizeof(Number));
    }
    return swapped(number);
}

Reader::Integer Reader::get_integer() {
    const auto widened = [](std::int64_t number) {
        return Integer{static_cast<std::uint64_t>(number), number < 0};
    };
    const std::uint8_t first = begin();
    if (first <= format::kPositiveFixLast) {
        return {first, false};
    }
    if (first >= format::kNegativeFix) {
        return widened(static_cast<std::int8_t>(first));
    }
    switch (first) {
        case format::kUnsigned8:
            return {big_endian<std::uint8_t>(), false};
        case format::kUnsigned16:
            return {big_endian<std::uint16_t>(), false};
        case format::kUnsigned32:
            return {big_endian<std::uint32_t>(), false};
        case format::kUnsigned64:
            return {big_endian<std::uint64_t>(), false};
        case format::kSigned8:
            return widened(static_cast<std::int8_t>(big_endian<std::uint8_t>()));
        case format::kSigned16:
            return widened(static_cast<std::int16_t>(big_endian<std::uint16_t>()));
        case format::kSigned32:
            return widened(static_cast<std::int32_t>(big_endian<std::uint32_t>()));
        case format::kSigned64:
            return widened(static_cast<std::int64_t>(big_endian<std::uint64_t>()));
        default:
            fail("expected an integer");
            return {};
    }
}

std::uint64_t Reader::get_unsigned() {
    const Integer integer = get_integer();
    if (integer.negative) {
        fail("expected an integer that is not negative");
    }
    return ok() ? integer.bits : 0;
}

std::int64_t Reader::get_signed() {
    const Integer integer = get_integer();
    if (!integer.negative && integer.bits > std::numeric_limits<std::int64_t>::max()) {
        fail("expected an integer below 2^63");
    }
    return ok() ? static_cast<std::int64_t>(integer.bits) : 0;
}

std::uint32_t Reader::get_between(std::uint32_t least, std::uint32_t most, const char* rule) {
    const Integer integer = get_integer();
    // As bits, a negative integer is above any `most`.
    if (integer.bits < least || integer.bits > most) {
        fail(rule);
    }
    return ok() ? static_cast<std::uint32_t>(integer.bits) : least;
}

bool Reader::get_bool() {
    const std::uint8_t first = begin();
    if (first != format::kTrue && first != format::kFalse) {
        fail("expected true or false");
    }
    return first == format::kTrue && ok();
}

std::string_view Reader::get_text() {
    const std::uint8_t first = begin();
    std::size_t length = 0;
    if (first >= format::kFixText && first < format::kNil) {
        length = first - format::kFixText;
    } else if (first == format::kText8) {
        length = big_endian<std::uint8_t>();
    } else if (first == format::kText16) {
        length = big_endian<std::uint16_t>();
    } else if (first == format::kText32) {
        length = big_endian<std::uint32_t>();
    } else {
        fail("expected text");
    }
    return as_text(take(length));
}

std::span<const std::byte> Reader::get_binary() {
    const std::uint8_t first = begin();
    std::size_t length = 0;
    if (first == format::kBinary8) {
        length = big_endian<std::uint8_t>();
    } else if (first == format::kBinary16) {
        length = big_endian<std::uint16_t>();
    } else if (first == format::kBinary32) {
        length = big_endian<std::uint32_t>();
    } else {
        fail("expected binary");
    }
    return take(length);
}

// What is declared may not exceed what can be there: each element is a byte at least.
std::uint32_t Reader::declare(std::uint32_t count, std::uint32_t each) {
    declared_ += std::size_t{count} * each;
    if (declared_ > bytes_.size()) {
        fail("more elements are declared than the frame has bytes");
    }
    return ok() ? count : 0;
}

std::uint32_t Reader::get_array() {
    const std::uint8_t first = begin();
    if (first >= format::kFixArray && first < format::kFixText) {
        return declare(static_cast<std::uint32_t>(first - format::kFixArray), 1);
    }
    if (first == format::kArray16) {
        return declare(big_endian<std::uint16_t>(), 1);
    }
    if (first == format::kArray32) {
        return declare(big_endian<std::uint32_t>(), 1);
    }
    fail("expected an array");
    return 0;
}

std::uint32_t Reader::get_map() {
    const std::uint8_t first = begin();
    if (first >= format::kFixMap && first < format::kFixArray) {
        return declare(static_cast<std::uint32_t>(first - format::kFixMap), 2);
    }
    if (first == format::kMap16) {
        return declare(big_endian<std::uint16_t>(), 2);
    }
    if (first == format::kMap32) {
        return declare(big_endian<std::uint32_t>(), 2);
    }
    fail("expected a map");
    return 0;
}

bool Reader::take_nil() {
    if (peek() != format::kNil) {
        return false;
    }
    begin();
    return true;
}

bool Reader::next_is_binary() const {
    const std::uint8_t first = peek();
    return first >= format::kBinary8 && first <= format::kBinary32;
}

bool Reader::next_is_integer() const {
    const std::uint8_t first = peek();
    return first <= format::kPositiveFixLast || first >= format::kNegativeFix ||
           (first >= format::kUnsigned8 && first <= format::kSigned64);
}

void Reader::skip(int depth) {
    const std::uint8_t first = peek();
    const bool map = (first >= format::kFixMap && first < format::kFixArray) ||
                     first == format::kMap16 || first == format::kMap32;
    const bool array = (first >= format::kFixArray && first < format::kFixText) ||
                       first == format::kArray16 || first == format::kArray32;
    if (map || array) {
        if (depth == 0) {
            return fail("the values are nested too deeply");
        }
        const std::uint64_t inner = map ? 2 * std::uint64_t{get_map()} : get_array();
        for (std::uint64_t i = 0; i < inner && ok(); ++i) {
            skip(depth - 1);
        }
    } else if (next_is_integer()) {
        get_integer();
    } else if (next_is_binary()) {
        get_binary();
    } else if (first == format::kTrue || first == format::kFalse) {
        get_bool();
    } else if (first == format::kNil) {
        take_nil();
    } else if (first >= format::kFixExtension1 && first <= format::kFixExtension16) {
        begin();
        take(1 + (std::size_t{1} << (first - format::kFixExtension1)));
    } else if (first == format::kExtension8) {
        begin();
        take(1 + std::size_t{big_endian<std::uint8_t>()});
    } else if (first == format::kExtension16) {
        begin();
        take(1 + std::size_t{big_endian<std::uint16_t>()});
    } else if (first == format::kExtension32) {
        begin();
        take(1 + std::size_t{big_endian<std::uint32_t>()});
    } else if (first == format::kFloat32 || first == format::kFloat64) {
        begin();
        take(first == format::kFloat32 ? 4 : 8);
    } else {
        get_text();
    }
}

bool KeyedMap::next() {
    constexpr std::uint32_t kKeyMax = 63;
    if (left_ == 0 || !reader_.ok()) {
        return false;
    }
    --left_;
    key_ = reader_.get_between(0, kKeyMax, "a key is 0 to 63");
    if (((seen_ >> key_) & 1) != 0) {
        reader_.fail("a key stands twice");
    }
    seen_ |= std::uint64_t{1} << key_;
    return reader_.ok();
}

}  // namespace esteira::wire

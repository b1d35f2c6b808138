#include "common/wire/reader.hpp"

#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <msgpack.hpp>

#include "common/base/bytes.hpp"

// The reader against msgpack-c: whatever the library accepts as one value is one value here.
namespace esteira::wire {

namespace {

std::span<const std::byte> bytes_of(const msgpack::sbuffer& buffer) {
    return std::as_bytes(std::span(buffer.data(), buffer.size()));
}

template <class Number>
msgpack::sbuffer packed(Number number) {
    msgpack::sbuffer buffer;
    msgpack::pack(buffer, number);
    return buffer;
}

}  // namespace

TEST(WireReader, IntegersOfEveryWidthAreRead) {
    std::vector<std::uint64_t> numbers = {0};
    for (int bit = 0; bit < 64; ++bit) {
        const std::uint64_t power = std::uint64_t{1} << bit;
        numbers.insert(numbers.end(), {power - 1, power, power + 1});
    }
    numbers.push_back(std::numeric_limits<std::uint64_t>::max());
    for (const std::uint64_t number : numbers) {
        const auto buffer = packed(number);
        Reader reader(bytes_of(buffer));
        EXPECT_EQ(reader.get_unsigned(), number);
        EXPECT_TRUE(reader.ok() && reader.at_end());

        const auto negative = -static_cast<std::int64_t>(number / 2);
        const auto signed_buffer = packed(negative);
        Reader signed_reader(bytes_of(signed_buffer));
        EXPECT_EQ(signed_reader.get_signed(), negative);
        EXPECT_TRUE(signed_reader.ok() && signed_reader.at_end());
    }
}

TEST(WireReader, SignedIntegersBeyondTheirRangeAreNoNumbers) {
    const auto large = packed(std::uint64_t{1} << 63);
    Reader reader(bytes_of(large));
    EXPECT_EQ(reader.get_signed(), 0);
    EXPECT_FALSE(reader.ok());
    const auto negative = packed(std::int64_t{-1});
    Reader unsigned_reader(bytes_of(negative));
    EXPECT_EQ(unsigned_reader.get_unsigned(), 0U);
    EXPECT_FALSE(unsigned_reader.ok());
}

TEST(WireReader, TextAndBinaryOfEveryLengthFormatAreRead) {
    for (const std::size_t length : {0U, 1U, 31U, 32U, 255U, 256U, 65'535U, 65'536U}) {
        const std::string text(length, 'x');
        const auto buffer = packed(text);
        Reader reader(bytes_of(buffer));
        EXPECT_EQ(reader.get_text(), text);
        EXPECT_TRUE(reader.ok() && reader.at_end());

        const auto binary = packed(std::vector<char>(length, 'y'));
        Reader binary_reader(bytes_of(binary));
        EXPECT_EQ(as_text(binary_reader.get_binary()), std::string(length, 'y'));
        EXPECT_TRUE(binary_reader.ok() && binary_reader.at_end());
    }
}

TEST(WireReader, TheFirstFaultStays) {
    const auto buffer = packed(std::string("text"));
    Reader reader(bytes_of(buffer));
    reader.get_array();
    reader.get_text();
    reader.fail("later");
    EXPECT_EQ(reader.reason(), "expected an array (at byte 0)");
}

TEST(WireReader, SkipPassesOverWhatMsgpackTakesForOneValue) {
    std::mt19937 random(7);
    int agreed = 0;
    for (int i = 0; i < 200'000; ++i) {
        std::string frame(1 + random() % 24, '\0');
        for (char& c : frame) {
            c = static_cast<char>(random());
        }
        std::size_t end = 0;
        msgpack::null_visitor nothing;
        const bool theirs = msgpack::parse(frame.data(), frame.size(), end, nothing);

        Reader reader(as_bytes(frame));
        reader.skip();
        EXPECT_EQ(reader.ok(), theirs) << "first byte " << static_cast<int>(frame[0]);
        if (theirs && reader.ok()) {
            Reader rest(as_bytes(frame).first(end));
            rest.skip();
            EXPECT_TRUE(rest.ok() && rest.at_end());
            ++agreed;
        }
    }
    EXPECT_GT(agreed, 1000);
}

}  // namespace esteira::wire

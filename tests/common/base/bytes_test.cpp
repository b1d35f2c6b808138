#include "common/base/bytes.hpp"

#include <array>
#include <cstdint>

#include <gtest/gtest.h>

namespace esteira {

TEST(Bytes, FieldsAreLittleEndianWithoutGaps) {
    std::array<std::byte, 9> room{};
    ByteWriter writer(room);
    writer.put(std::uint8_t{1});
    writer.put(std::uint16_t{0x0203});
    writer.put(std::uint32_t{0x0405'0607});
    writer.put_bytes(as_bytes("ab"));
    EXPECT_EQ(writer.used(), room.size());
    EXPECT_EQ(as_text(room), std::string_view("\x01\x03\x02\x07\x06\x05\x04"
                                              "ab"));
}

TEST(Bytes, WhatWasWrittenIsRead) {
    std::array<std::byte, 14> room{};
    ByteWriter writer(room);
    writer.put(std::int64_t{-2});
    writer.put(std::uint32_t{7});
    writer.put_bytes(as_bytes("xy"));
    ByteReader reader(room);
    EXPECT_EQ(reader.get<std::int64_t>(), -2);
    EXPECT_EQ(reader.get<std::uint32_t>(), 7U);
    EXPECT_FALSE(reader.at_end());
    EXPECT_EQ(reader.get_text(2), "xy");
    EXPECT_TRUE(reader.at_end());
}

TEST(Bytes, AReaderNeverComesBackFromAMissingByte) {
    const auto bytes = as_bytes("abc");
    ByteReader reader(bytes);
    EXPECT_EQ(reader.get<std::uint32_t>(), 0U);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.get<std::uint8_t>(), 0);
    EXPECT_TRUE(reader.get_bytes(1).empty());
    EXPECT_FALSE(reader.at_end());
}

TEST(Bytes, AnAbsurdLengthIsMissingBytesAndNoOverflow) {
    ByteReader reader(as_bytes("abc"));
    reader.get<std::uint8_t>();
    EXPECT_TRUE(reader.get_bytes(SIZE_MAX).empty());
    EXPECT_FALSE(reader.ok());
}

TEST(BytesDeathTest, WritingBeyondTheRoomStopsTheProgram) {
    std::array<std::byte, 3> room{};
    ByteWriter writer(room);
    writer.put(std::uint16_t{1});
    EXPECT_DEATH(writer.put(std::uint16_t{1}), "broken");
}

}  // namespace esteira

#include "common/base/crc32c.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"

// The table's way is taken only by machines without the instruction: reached by its source.
#include "common/base/crc32c.cpp"  // NOLINT(bugprone-suspicious-include)

namespace esteira {

namespace {

std::uint32_t by_table(std::span<const std::byte> bytes) { return ~crc_by_table(bytes, ~0U); }

// RFC 3720, appendix B.4.
struct Vector {
    std::vector<std::byte> bytes;
    std::uint32_t crc;
};

std::vector<Vector> rfc_vectors() {
    std::vector<Vector> vectors = {{std::vector<std::byte>(32, std::byte{0}), 0x8A91'36AA},
                                   {std::vector<std::byte>(32, std::byte{0xFF}), 0x62A8'AB43}};
    std::vector<std::byte> growing(32);
    for (std::size_t i = 0; i < growing.size(); ++i) {
        growing[i] = static_cast<std::byte>(i);
    }
    vectors.push_back({growing, 0x46DD'794E});
    std::reverse(growing.begin(), growing.end());
    vectors.push_back({growing, 0x113F'DB5C});
    return vectors;
}

}  // namespace

TEST(Crc32c, HasTheSumsOfRfc3720) {
    for (const Vector& vector : rfc_vectors()) {
        EXPECT_EQ(crc32c(vector.bytes), vector.crc);
        EXPECT_EQ(by_table(vector.bytes), vector.crc);
    }
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE306'9283);
    EXPECT_EQ(by_table(as_bytes("123456789")), 0xE306'9283);
    EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, InstructionAndTableAgreeAtEveryLengthAndOffset) {
    std::mt19937 random(3);
    std::vector<std::byte> bytes(200);
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::byte>(random()); });
    for (std::size_t offset = 0; offset < 16; ++offset) {
        for (std::size_t length = 0; length + offset <= bytes.size(); ++length) {
            const auto part = std::span(bytes).subspan(offset, length);
            ASSERT_EQ(crc32c(part), by_table(part));
        }
    }
}

TEST(Crc32c, ASumGoesOnFromAnEarlierOne) {
    const std::string_view text = "the quick brown fox jumps over the lazy dog";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const auto first = crc32c(as_bytes(text.substr(0, cut)));
        EXPECT_EQ(crc32c(as_bytes(text.substr(cut)), first), crc32c(as_bytes(text)));
    }
}

}  // namespace esteira

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace esteira {

// CRC-32C (Castagnoli, RFC 3720 B.4: "123456789" gives 0xE3069283). `seed` is a former result, so
// crc32c(b, crc32c(a)) is the sum of a followed by b. Uses the SSE4.2 instruction where there is
// one.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed = 0);

}  // namespace esteira

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "common/base/clock.hpp"
#include "common/base/limits.hpp"

// The bytes of FORMAT.md: segment header and frame header, their CRCs, and the names of files.
namespace esteira::journal {

inline constexpr std::uint32_t kFormatVersion = 3;
inline constexpr std::uint32_t kFrameHeaderBytes = 64;

constexpr std::uint32_t sector_up(std::uint32_t bytes) {
    return (bytes + limits::kSectorBytes - 1) / limits::kSectorBytes * limits::kSectorBytes;
}

using Sector = std::array<std::byte, limits::kSectorBytes>;

struct SegmentHeader {
    bool prewritten = false;
    std::uint32_t chunk = 0;
    std::uint32_t segment_bytes = 0;
    std::uint64_t epoch = 0;
    std::uint32_t before_chunk = 0;
    std::uint32_t before_end = 0;
    std::uint64_t before_epoch = 0;
    std::uint64_t batch = 0;
    std::uint32_t first_chunk = 0;
};

enum class HeaderState { good, blank, bad, newer };  // blank: nothing but zeros.

Sector encode(const SegmentHeader& header);
// `bytes` may be shorter than a sector (a file that was cut): bad, or blank when there are none.
HeaderState decode(std::span<const std::byte> bytes, SegmentHeader& header);

enum class FrameKind : std::uint32_t { state = 1, events = 2, mark = 3 };

struct FrameHeader {
    FrameKind kind = FrameKind::events;
    std::uint32_t payload_bytes = 0;
    std::uint32_t part = 0;
    std::uint32_t parts = 0;
    std::uint64_t batch = 0;
    std::uint32_t durable = 0;
    std::uint32_t first_chunk = 0;
    Now time;

    // With header and padding.
    std::uint32_t bytes() const { return sector_up(kFrameHeaderBytes + payload_bytes); }
};

// What both CRCs of the frames of a segment start from.
std::uint32_t seed_of(std::uint64_t epoch);

// Completes a frame whose payload stands at its place: header, zeros up to the sector, CRCs.
// `frame` has header.bytes() bytes.
void seal_frame(std::span<std::byte> frame, const FrameHeader& header, std::uint32_t seed);

// The header at the start of `bytes`, if it is one of this epoch. Its payload may still be torn.
std::optional<FrameHeader> read_frame_header(std::span<const std::byte> bytes, std::uint32_t seed);
// Whether `frame` (header.bytes() bytes) is whole.
bool frame_is_whole(std::span<const std::byte> frame, std::uint32_t seed);
// Whether a frame of any epoch may start here.
bool looks_like_frame(std::span<const std::byte> bytes);

std::string segment_name(std::uint32_t chunk);
std::string spare_name(std::uint32_t number);
// The number in "%08x.seg" or "spare-%08x.seg" (no folder); nothing for any other name.
std::optional<std::uint32_t> chunk_of_name(const std::string& name);
std::optional<std::uint32_t> number_of_spare(const std::string& name);

}  // namespace esteira::journal

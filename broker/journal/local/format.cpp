#include "broker/journal/local/format.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "common/base/bytes.hpp"
#include "common/base/crc32c.hpp"
#include "common/base/mutant.hpp"

namespace esteira::journal {

namespace {

constexpr std::string_view kSegmentMagic = "ESTJRN\r\n";
constexpr std::uint32_t kFrameMagic = 0x4D524645;  // "EFRM"
constexpr std::size_t kHeaderCrcAt = limits::kSectorBytes - sizeof(std::uint32_t);
constexpr std::size_t kFrameCrcEnd = 8;
constexpr std::size_t kFrameHeaderCrcAt = 56;

std::uint32_t load(std::span<const std::byte> bytes, std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    return value;
}

std::int64_t millis(auto time) { return time.time_since_epoch().count(); }

std::string numbered(const char* pattern, std::uint32_t number) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), pattern, number);
    return text.data();
}

std::optional<std::uint32_t> number_between(std::string_view name, std::string_view before,
                                            std::string_view after) {
    constexpr std::size_t kDigits = 8;
    if (name.size() != before.size() + kDigits + after.size() || !name.starts_with(before) ||
        !name.ends_with(after)) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    const char* first = name.data() + before.size();
    const auto [end, error] = std::from_chars(first, first + kDigits, number, 16);
    if (error != std::errc() || end != first + kDigits) {
        return std::nullopt;
    }
    return number;
}

}  // namespace

Sector encode(const SegmentHeader& header) {
    Sector sector{};
    ByteWriter out(sector);
    out.put_bytes(as_bytes(kSegmentMagic));
    out.put(kFormatVersion);
    out.put(std::uint32_t{header.prewritten});
    out.put(header.chunk);
    out.put(header.segment_bytes);
    out.put(header.epoch);
    out.put(header.before_chunk);
    out.put(header.before_end);
    out.put(header.before_epoch);
    out.put(header.batch);
    out.put(header.first_chunk);
    const std::uint32_t crc = crc32c(std::span(sector).first(kHeaderCrcAt));
    std::memcpy(sector.data() + kHeaderCrcAt, &crc, sizeof(crc));
    return sector;
}

HeaderState decode(std::span<const std::byte> bytes, SegmentHeader& header) {
    bytes = bytes.first(std::min<std::size_t>(bytes.size(), limits::kSectorBytes));
    if (std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; })) {
        return HeaderState::blank;
    }
    if (bytes.size() < limits::kSectorBytes ||
        crc32c(bytes.first(kHeaderCrcAt)) != load(bytes, kHeaderCrcAt)) {
        return HeaderState::bad;
    }
    ByteReader in(bytes);
    if (in.get_text(kSegmentMagic.size()) != kSegmentMagic) {
        return HeaderState::bad;
    }
    const auto version = in.get<std::uint32_t>();
    if (version > kFormatVersion) {
        return HeaderState::newer;
    }
    if (version == 0) {
        return HeaderState::bad;
    }
    header.prewritten = in.get<std::uint32_t>() != 0;
    header.chunk = in.get<std::uint32_t>();
    header.segment_bytes = in.get<std::uint32_t>();
    header.epoch = in.get<std::uint64_t>();
    header.before_chunk = in.get<std::uint32_t>();
    header.before_end = in.get<std::uint32_t>();
    header.before_epoch = in.get<std::uint64_t>();
    header.batch = in.get<std::uint64_t>();
    header.first_chunk = in.get<std::uint32_t>();
    return HeaderState::good;
}

std::uint32_t seed_of(std::uint64_t epoch) { return crc32c(std::as_bytes(std::span(&epoch, 1))); }

void seal_frame(std::span<std::byte> frame, const FrameHeader& header, std::uint32_t seed) {
    ByteWriter out(frame.first(kFrameHeaderBytes));
    out.put(kFrameMagic);
    out.put(std::uint32_t{0});
    out.put(header.kind);
    out.put(header.payload_bytes);
    out.put(header.part);
    out.put(header.parts);
    out.put(header.batch);
    out.put(header.durable);
    out.put(header.first_chunk);
    out.put(millis(header.time.broker));
    out.put(millis(header.time.wall));
    out.put(crc32c(frame.first(kFrameHeaderCrcAt).subspan(kFrameCrcEnd), seed));
    out.put(std::uint32_t{0});
    const auto padding = frame.subspan(kFrameHeaderBytes + header.payload_bytes);
    std::fill(padding.begin(), padding.end(), std::byte{0});
    const std::uint32_t crc = crc32c(frame.subspan(kFrameCrcEnd), seed);
    std::memcpy(frame.data() + 4, &crc, sizeof(crc));
}

std::optional<FrameHeader> read_frame_header(std::span<const std::byte> bytes, std::uint32_t seed) {
    if (!looks_like_frame(bytes) || bytes.size() < kFrameHeaderBytes) {
        return std::nullopt;
    }
    if (crc32c(bytes.first(kFrameHeaderCrcAt).subspan(kFrameCrcEnd), seed) !=
        load(bytes, kFrameHeaderCrcAt)) {
        return std::nullopt;
    }
    ByteReader in(bytes.subspan(kFrameCrcEnd));
    FrameHeader header;
    header.kind = in.get<FrameKind>();
    header.payload_bytes = in.get<std::uint32_t>();
    header.part = in.get<std::uint32_t>();
    header.parts = in.get<std::uint32_t>();
    header.batch = in.get<std::uint64_t>();
    header.durable = in.get<std::uint32_t>();
    header.first_chunk = in.get<std::uint32_t>();
    header.time.broker = Time(Millis(in.get<std::int64_t>()));
    header.time.wall = WallTime(Millis(in.get<std::int64_t>()));
    const bool sane = header.kind >= FrameKind::state && header.kind <= FrameKind::mark &&
                      header.payload_bytes <= limits::kFrameBytesMax - kFrameHeaderBytes;
    return sane ? std::optional(header) : std::nullopt;
}

bool frame_is_whole(std::span<const std::byte> frame, std::uint32_t seed) {
    return mutant(Mutant::no_frame_hash) ||
           crc32c(frame.subspan(kFrameCrcEnd), seed) == load(frame, 4);
}

bool looks_like_frame(std::span<const std::byte> bytes) {
    return bytes.size() >= sizeof(kFrameMagic) && load(bytes, 0) == kFrameMagic;
}

std::string segment_name(std::uint32_t chunk) { return numbered("journal/%08x.seg", chunk); }
std::string spare_name(std::uint32_t number) { return numbered("journal/spare-%08x.seg", number); }

std::optional<std::uint32_t> chunk_of_name(const std::string& name) {
    return number_between(name, "", ".seg");
}
std::optional<std::uint32_t> number_of_spare(const std::string& name) {
    return number_between(name, "spare-", ".seg");
}

}  // namespace esteira::journal

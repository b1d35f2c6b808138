#include "broker/journal/local/segment_reader.hpp"

#include <algorithm>
#include <cstring>

namespace esteira::journal {

namespace {

// Large enough that a call costs nothing beside its bytes, small enough to stay in the CPU's cache.
constexpr std::uint32_t kBlockBytes = 1 << 20;

}  // namespace

void SegmentReader::start(const File& file, std::uint32_t bytes) {
    file_ = &file;
    file_bytes_ = bytes;
    window_at_ = 0;
    filled_ = 0;
    const std::uint32_t wanted = std::min(bytes, limits::kFrameBytesMax + kBlockBytes);
    if (wanted > window_bytes_) {
        window_ = std::make_unique_for_overwrite<std::byte[]>(wanted);
        window_bytes_ = wanted;
    }
}

std::span<const std::byte> SegmentReader::view(std::uint32_t at, std::uint32_t size) {
    if (at >= file_bytes_) {
        return {};
    }
    size = std::min({size, file_bytes_ - at, limits::kFrameBytesMax});
    if (at < window_at_ || at + size > window_at_ + filled_) {
        fill(at, size);
    }
    const std::uint32_t offset = at - window_at_;
    return {window_.get() + offset, std::min(size, filled_ - std::min(filled_, offset))};
}

// Moves what is still wanted to the front and reads at least one block behind it.
void SegmentReader::fill(std::uint32_t at, std::uint32_t size) {
    std::uint32_t kept = 0;
    if (at >= window_at_ && at < window_at_ + filled_) {
        kept = window_at_ + filled_ - at;
        std::memmove(window_.get(), window_.get() + (at - window_at_), kept);
    }
    window_at_ = at;
    const std::uint32_t from = at + kept;
    const std::uint32_t count =
        std::min({std::max(kBlockBytes, size - kept), file_bytes_ - from, window_bytes_ - kept});
    if (from + count < file_bytes_) {
        file_->read_ahead(from + count, kBlockBytes);
    }
    const std::span room(window_.get() + kept, count);
    filled_ = kept + static_cast<std::uint32_t>(file_->read(room, from));
}

std::optional<FrameWalk::Frame> FrameWalk::next() {
    const auto header = read_frame_header(reader_.view(at_, kFrameHeaderBytes), seed_);
    if (!header || at_ + header->bytes() > limit_ || header->batch != batch_ + 1) {
        return std::nullopt;
    }
    const auto frame = reader_.view(at_, header->bytes());
    if (frame.size() < header->bytes() || !frame_is_whole(frame, seed_)) {
        return std::nullopt;
    }
    const Frame found{at_, *header, frame.subspan(kFrameHeaderBytes, header->payload_bytes)};
    at_ += header->bytes();
    batch_ = header->batch;
    return found;
}

TailFinding examine_tail(SegmentReader& reader, std::uint32_t seed, std::uint32_t at) {
    TailFinding finding{.proven_by = std::nullopt, .evidence_end = at};
    for (std::uint32_t from = at; from < reader.bytes(); from += limits::kSectorBytes) {
        const auto header = read_frame_header(reader.view(from, kFrameHeaderBytes), seed);
        if (!header) {
            continue;
        }
        finding.evidence_end = std::max(finding.evidence_end, from + header->bytes());
        if (header->durable <= at) {
            continue;
        }
        const auto frame = reader.view(from, header->bytes());
        if (frame.size() == header->bytes() && frame_is_whole(frame, seed)) {
            finding.proven_by = from;
            break;
        }
    }
    finding.evidence_end = std::min(finding.evidence_end, reader.bytes());
    return finding;
}

bool holds_no_frame(SegmentReader& reader) {
    for (std::uint32_t at = limits::kSectorBytes; at < reader.bytes(); at += limits::kSectorBytes) {
        if (looks_like_frame(reader.view(at, kFrameHeaderBytes))) {
            return false;
        }
    }
    return true;
}

}  // namespace esteira::journal

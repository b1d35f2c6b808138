#include "broker/journal/local/body_reader.hpp"

#include <algorithm>

#include "broker/journal/local/format.hpp"

namespace esteira::journal {

namespace {

constexpr std::uint32_t kBlockBytes = 256 << 10;
constexpr std::uint32_t kFirstAheadBytes = 16 << 10;
constexpr std::uint32_t kAheadFactor = 4;
constexpr std::uint32_t kGapMax = 4 << 10;  // Between two records that follow each other.
constexpr std::size_t kBlocksMax = 64;      // A turn; then records are fetched alone.
constexpr std::size_t kBuffersKept = 16;
constexpr std::size_t kHandlesMax = 64;

}  // namespace

void BodyReader::begin_turn() {
    for (Block& block : blocks_) {
        if (unused_.size() < kBuffersKept && block.room == kBlockBytes) {
            unused_.push_back(std::move(block));
        }
    }
    blocks_.clear();
    singles_.clear();
}

std::span<const std::byte> BodyReader::read(Position at, std::uint32_t size, std::uint32_t end) {
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
        if (block->chunk == at.chunk && at.slot >= block->from &&
            at.slot + size <= block->from + block->size) {
            return {block->bytes.get() + (at.slot - block->from), size};
        }
    }
    const bool room = blocks_.size() < kBlocksMax;
    Block block;
    try {
        Handle& handle = handle_of(at.chunk);
        const std::uint32_t wanted = room ? with_what_follows(handle, at.slot, size) : size;
        const std::uint32_t upto = std::min(end, at.slot + wanted);
        block = take_buffer(upto - at.slot);
        block.chunk = at.chunk;
        block.from = at.slot;
        ++disk_reads_;
        block.size = static_cast<std::uint32_t>(
            handle.file.read(std::span(block.bytes.get(), upto - at.slot), at.slot));
        handle.read_upto = at.slot + std::max(size, block.size);
    } catch (const DiskError&) {
        return {};  // A body that cannot be read is the engine's case, not the end of the broker.
    }
    disk_bytes_ += block.size;
    if (size > block.size) {
        return {};
    }
    auto& kept = block.size > size ? blocks_ : singles_;
    kept.push_back(std::move(block));
    return {kept.back().bytes.get(), size};
}

// A record that lies behind the last one is likely to be followed by the next: then more is fetched
// each time. One that lies elsewhere is fetched alone: messages of a group are far apart, and what
// is between them is not asked for now.
std::uint32_t BodyReader::with_what_follows(Handle& handle, std::uint32_t from,
                                            std::uint32_t size) {
    const bool follows = from + size > handle.read_upto && from <= handle.read_upto + kGapMax;
    handle.ahead = !follows            ? 0
                   : handle.ahead == 0 ? kFirstAheadBytes
                                       : std::min(handle.ahead * kAheadFactor, kBlockBytes);
    return std::max(size, handle.ahead);
}

BodyReader::Block BodyReader::take_buffer(std::uint32_t size) {
    Block block;
    const bool large = size > kBlockBytes / 2;
    if (large && size <= kBlockBytes && !unused_.empty()) {
        block = std::move(unused_.back());
        unused_.pop_back();
        return block;
    }
    block.room = large ? std::max(size, kBlockBytes) : size;
    block.bytes = std::make_unique_for_overwrite<std::byte[]>(block.room);
    return block;
}

void BodyReader::read_ahead(Position at, std::uint32_t size) {
    try {
        handle_of(at.chunk).file.read_ahead(at.slot, size);
    } catch (const DiskError&) {
        return;  // The read itself will tell.
    }
}

BodyReader::Handle& BodyReader::handle_of(std::uint32_t chunk) {
    const auto known = std::find_if(handles_.begin(), handles_.end(),
                                    [chunk](const Handle& h) { return h.chunk == chunk; });
    if (known != handles_.end()) {
        known->last_use = ++uses_;
        return *known;
    }
    if (handles_.size() == kHandlesMax) {
        handles_.erase(std::min_element(
            handles_.begin(), handles_.end(),
            [](const Handle& a, const Handle& b) { return a.last_use < b.last_use; }));
    }
    handles_.push_back({chunk, ++uses_, disk_.open(segment_name(chunk), Disk::Access::read)});
    return handles_.back();
}

void BodyReader::forget(std::uint32_t chunk) {
    std::erase_if(handles_, [chunk](const Handle& h) { return h.chunk == chunk; });
}

}  // namespace esteira::journal

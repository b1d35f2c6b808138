#include "broker/journal/local/body_reader.hpp"

#include <algorithm>

#include "broker/journal/local/format.hpp"

namespace esteira::journal {

namespace {

constexpr std::uint32_t kBlockBytes = 256 << 10;
constexpr std::size_t kWholeBlocksMax = 64;  // A turn; then records are fetched alone.
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
    std::uint32_t from = at.slot;
    std::uint32_t upto = at.slot + size;
    const bool whole = blocks_.size() < kWholeBlocksMax;
    if (whole) {
        from = from / kBlockBytes * kBlockBytes;
        upto = std::min(end, (upto + kBlockBytes - 1) / kBlockBytes * kBlockBytes);
    }
    Block block = take_buffer(upto - from);
    block.chunk = at.chunk;
    block.from = from;
    ++disk_reads_;
    try {
        block.size = static_cast<std::uint32_t>(
            file_of(at.chunk).read(std::span(block.bytes.get(), upto - from), from));
    } catch (const DiskError&) {
        return {};  // A body that cannot be read is the engine's case, not the end of the broker.
    }
    if (at.slot + size > from + block.size) {
        return {};
    }
    auto& kept = whole ? blocks_ : singles_;
    kept.push_back(std::move(block));
    return {kept.back().bytes.get() + (at.slot - from), size};
}

BodyReader::Block BodyReader::take_buffer(std::uint32_t size) {
    Block block;
    if (size <= kBlockBytes && !unused_.empty()) {
        block = std::move(unused_.back());
        unused_.pop_back();
        return block;
    }
    block.room = size > kBlockBytes / 2 ? std::max(size, kBlockBytes) : size;
    block.bytes = std::make_unique_for_overwrite<std::byte[]>(block.room);
    return block;
}

void BodyReader::read_ahead(Position at, std::uint32_t size) {
    try {
        file_of(at.chunk).read_ahead(at.slot, size);
    } catch (const DiskError&) {
        return;  // The read itself will tell.
    }
}

const File& BodyReader::file_of(std::uint32_t chunk) {
    const auto known = std::find_if(handles_.begin(), handles_.end(),
                                    [chunk](const Handle& h) { return h.chunk == chunk; });
    if (known != handles_.end()) {
        known->last_use = ++uses_;
        return known->file;
    }
    if (handles_.size() == kHandlesMax) {
        handles_.erase(std::min_element(
            handles_.begin(), handles_.end(),
            [](const Handle& a, const Handle& b) { return a.last_use < b.last_use; }));
    }
    handles_.push_back({chunk, ++uses_, disk_.open(segment_name(chunk), Disk::Access::read)});
    return handles_.back().file;
}

void BodyReader::forget(std::uint32_t chunk) {
    std::erase_if(handles_, [chunk](const Handle& h) { return h.chunk == chunk; });
}

}  // namespace esteira::journal

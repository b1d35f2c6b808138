#include "broker/journal/local/local_journal.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include "common/base/check.hpp"
#include "common/base/mutant.hpp"

namespace esteira::journal {

namespace {

std::uint64_t system_random() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

// Whatever the device refuses leaves the log unknown: nothing is tried again, here or later.
template <class Work>
auto LocalJournal::on_device(Work work) {
    if (failed_ || pool_.failed()) {
        throw DeviceFailed("the journal's device has failed before");
    }
    try {
        return work();
    } catch (const DiskError& error) {
        failed_ = true;
        throw DeviceFailed(std::string("journal: ") + error.what());
    }
}

LocalJournal::LocalJournal(Disk& disk, LocalOptions options)
    : disk_(disk),
      options_(std::move(options)),
      pool_(disk, {.segment_bytes = options_.segment_bytes,
                   .spares_max = options_.spares_max,
                   .free_bytes_floor = options_.free_bytes_floor}),
      bodies_(disk) {
    ESTEIRA_CHECK(options_.segment_bytes % limits::kSectorBytes == 0);
    ESTEIRA_CHECK(options_.frame_bytes % limits::kSectorBytes == 0);
    ESTEIRA_CHECK(options_.frame_bytes <= limits::kFrameBytesMax);
    ESTEIRA_CHECK(options_.segment_bytes >= 4 * options_.frame_bytes);
    if (!options_.random) {
        options_.random = system_random;
    }
}

void LocalJournal::set_state_source(std::function<std::vector<std::byte>()> source) {
    state_source_ = std::move(source);
}

Now LocalJournal::replay(Visitor& visitor) {
    ESTEIRA_CHECK(!std::exchange(replayed_, true));
    Recovered log = Recovery(disk_).run(visitor);
    sealed_ = std::move(log.chunks);
    for (const Chunk& chunk : sealed_) {
        sealed_bytes_ += chunk.end;
    }
    sealed_epoch_ = log.epoch;
    batch_ = log.batch;
    now_ = log.time;
    if (!sealed_.empty()) {
        next_chunk_ = sealed_.back().number + 1;
        first_wanted_ = first_written_ = first_durable_ = log.first_chunk;
    }
    state_chunk_ = log.state_chunk;
    tail_is_kept_ = log.tail_is_kept;
    stats_.quarantined_bytes = log.quarantined_bytes;
    on_device([&] {
        pool_.adopt(log.spares);
        pool_.fill(SegmentPool::kSparesWanted);
    });
    return log.time;
}

std::size_t LocalJournal::frame_bytes_max() const {
    return options_.frame_bytes - kFrameHeaderBytes;
}

void LocalJournal::begin_turn(Now now) {
    now_ = now;
    bodies_.begin_turn();
    prune_tails();
}

// Whether `more` bytes of payload have room in the open frame, or in a new one when none is open.
bool LocalJournal::fits(std::size_t more) const {
    const std::size_t payload = more + (frame_ ? frame_->payload_bytes : 0);
    if (payload > frame_bytes_max()) {
        return false;
    }
    const auto bytes = sector_up(kFrameHeaderBytes + static_cast<std::uint32_t>(payload));
    return open_.tail != nullptr && bytes <= options_.segment_bytes - open_.end;
}

void LocalJournal::begin_group(std::size_t bytes) {
    ESTEIRA_CHECK(replayed_ && bytes <= frame_bytes_max());
    if (frame_ && !fits(bytes)) {
        close_frame(0, 0);
    }
    if (!fits(bytes)) {
        roll();
    }
}

Reservation LocalJournal::reserve(std::size_t bytes) {
    begin_group(bytes);  // Nothing to do when a group has set the room aside.
    if (!frame_) {
        begin_frame(FrameKind::events);
    }
    const auto size = static_cast<std::uint32_t>(bytes);
    const std::uint32_t at = open_.end + kFrameHeaderBytes + frame_->payload_bytes;
    frame_->payload_bytes += size;
    return {{open_.chunk, at}, open_.tail->bytes(at, size)};
}

void LocalJournal::begin_frame(FrameKind kind) { frame_ = Frame{.kind = kind, .payload_bytes = 0}; }

void LocalJournal::close_frame(std::uint32_t part, std::uint32_t parts) {
    FrameHeader header;
    header.kind = frame_->kind;
    header.payload_bytes = frame_->payload_bytes;
    header.part = part;
    header.parts = parts;
    header.batch = ++batch_;
    header.durable = open_.durable;
    header.first_chunk = first_written_ = first_wanted_;
    header.time = now_;
    seal_frame(open_.tail->bytes(open_.end, header.bytes()), header, open_.seed);
    open_.end += header.bytes();
    marked_ = header.kind == FrameKind::mark;
    ++stats_.frames;
    frame_.reset();
}

void LocalJournal::write_closed_frames() {
    const std::uint32_t size = open_.end - open_.written;
    if (size == 0) {
        return;
    }
    on_device([&] {
        if (open_.file.write(open_.tail->bytes(open_.written, size), open_.written) != size) {
            throw DiskError(EIO, segment_name(open_.chunk) + ": short write");
        }
    });
    open_.written = open_.end;
    stats_.appended_bytes += size;
}

void LocalJournal::append() {
    if (frame_) {
        close_frame(0, 0);
    }
    write_closed_frames();
    if (mutant(Mutant::recycled_before_sync)) {
        first_durable_ = first_written_;
        on_device([this] { recycle(); });
    }
}

void LocalJournal::sync() {
    sync_file();
    if (open_.written == open_.end) {
        first_durable_ = first_written_;
    }
    on_device([this] { recycle(); });
}

void LocalJournal::sync_file() {
    if (open_.durable == open_.written) {
        return;
    }
    on_device([this] {
        ++stats_.syncs;
        try {
            open_.file.sync();
        } catch (const DiskError&) {
            if (!mutant(Mutant::retry_failed_sync)) {
                throw;
            }
            open_.file.sync();
        }
    });
    open_.durable = open_.written;
}

// Everything that was written is durable, and a durable frame says what is not needed any more.
void LocalJournal::recycle() {
    while (!sealed_.empty() && sealed_.front().number < first_durable_) {
        const Chunk chunk = sealed_.front();
        bodies_.forget(chunk.number);
        pool_.recycle(segment_name(chunk.number));
        sealed_bytes_ -= chunk.end;
        sealed_.pop_front();
    }
}

// Ends the open segment durably, and with it everything that is reserved so far.
void LocalJournal::seal_open() {
    if (frame_) {
        close_frame(0, 0);
    }
    write_closed_frames();
    sync_file();
    sealed_.push_back({open_.chunk, open_.end});
    sealed_bytes_ += open_.end;
    sealed_epoch_ = open_.epoch;
    old_tails_.push_back(std::move(open_.tail));
    open_ = Open{};
}

void LocalJournal::roll() {
    const bool first_of_process = open_.tail == nullptr;
    if (!first_of_process) {
        seal_open();
    }
    const Chunk before = sealed_.empty() ? Chunk{} : sealed_.back();

    SegmentHeader header;
    header.chunk = next_chunk_;
    header.segment_bytes = options_.segment_bytes;
    header.epoch = options_.random();
    header.before_chunk = before.number;
    header.before_end =
        mutant(Mutant::no_seal_after_torn_tail) ? options_.segment_bytes : before.end;
    header.before_epoch = sealed_epoch_;
    header.batch = batch_;
    header.first_chunk = first_wanted_;
    auto tail = std::make_unique<Tail>(header.chunk, options_.segment_bytes);
    const std::span<std::byte> sector = tail->bytes(0, limits::kSectorBytes);
    std::ranges::copy(encode(header), sector.begin());
    on_device([&] {
        open_.file = pool_.take(header.chunk);
        if (open_.file.write(sector, 0) != limits::kSectorBytes) {
            throw DiskError(EIO, segment_name(header.chunk) + ": short write");
        }
        ++stats_.syncs;
        open_.file.sync();
    });
    open_.chunk = next_chunk_++;
    open_.epoch = header.epoch;
    open_.seed = seed_of(header.epoch);
    open_.tail = std::move(tail);
    open_.end = open_.written = open_.durable = limits::kSectorBytes;
    if (first_of_process && before.number != 0) {
        shorten(before);
    }
    write_state();
    // Sends wait for spare segments; making one is quick, prewriting it is left to prepare_step().
    on_device([this] { pool_.fill(limits::kReserveSegments + 1); });
}

// The segment that the last process left holds little; its rest is never read again.
void LocalJournal::shorten(const Chunk& chunk) {
    if (std::exchange(tail_is_kept_, false)) {
        return;
    }
    on_device([&] {
        File file = disk_.open(segment_name(chunk.number), Disk::Access::write);
        if (file.size() > chunk.end) {
            file.resize(chunk.end);
        }
    });
}

void LocalJournal::write_state() {
    const std::vector<std::byte> state = state_source_ ? state_source_() : std::vector<std::byte>{};
    const auto most = static_cast<std::uint32_t>(frame_bytes_max());
    const auto size = static_cast<std::uint32_t>(state.size());
    // A segment that its state fills would have no room for anything else, and so would the next.
    ESTEIRA_CHECK(state.size() <= options_.segment_bytes / 2);
    const std::uint32_t parts = std::max(1U, (size + most - 1) / most);
    for (std::uint32_t part = 0; part < parts; ++part) {
        begin_frame(FrameKind::state);
        frame_->payload_bytes = std::min(most, size - part * most);
        const auto room = open_.tail->bytes(open_.end + kFrameHeaderBytes, frame_->payload_bytes);
        std::copy_n(state.begin() + static_cast<std::ptrdiff_t>(std::size_t{part} * most),
                    room.size(), room.begin());
        close_frame(part, parts);
    }
    state_chunk_ = open_.chunk;
}

void LocalJournal::trim(std::uint32_t first) {
    first_wanted_ = std::max(first_wanted_, std::min(first, state_chunk_));
}

void LocalJournal::mark() {
    const bool proven = marked_ && first_written_ == first_wanted_;
    if (open_.tail == nullptr || proven) {
        return;
    }
    if (!fits(0)) {
        roll();
        write_closed_frames();
        sync_file();  // The mark proves what was durable before it.
    }
    begin_frame(FrameKind::mark);
    append();
    sync();
}

bool LocalJournal::prepare_step() {
    try {
        return pool_.prepare_step();
    } catch (const DiskError& error) {
        throw DeviceFailed(std::string("preparing space: ") + error.what());
    }
}

std::uint32_t LocalJournal::end_of(std::uint32_t chunk) const {
    if (chunk == open_.chunk) {
        return frame_ ? open_.end + kFrameHeaderBytes + frame_->payload_bytes : open_.end;
    }
    if (sealed_.empty() || chunk < sealed_.front().number || chunk > sealed_.back().number) {
        return 0;
    }
    return sealed_[chunk - sealed_.front().number].end;
}

std::span<const std::byte> LocalJournal::read(Position at, std::uint32_t size) {
    const std::uint32_t end = end_of(at.chunk);
    if (at.slot < limits::kSectorBytes || at.slot > end || size > end - at.slot) {
        return {};
    }
    if (at.chunk == open_.chunk) {
        if (open_.tail->holds(at.slot)) {
            return open_.tail->bytes(at.slot, size);
        }
        return bodies_.read(at, size, open_.written);
    }
    for (const auto& tail : old_tails_) {
        if (tail->chunk() == at.chunk && tail->holds(at.slot)) {
            return tail->bytes(at.slot, size);
        }
    }
    return bodies_.read(at, size, end);
}

void LocalJournal::read_ahead(Position at, std::uint32_t size) {
    const std::uint32_t end = end_of(at.chunk);
    if (at.slot >= end || (at.chunk == open_.chunk && open_.tail->holds(at.slot))) {
        return;
    }
    for (const auto& tail : old_tails_) {
        if (tail->chunk() == at.chunk && tail->holds(at.slot)) {
            return;
        }
    }
    bodies_.read_ahead(at, std::min(size, end - at.slot));
}

// Only between turns: what read() gave out stays valid inside one.
void LocalJournal::prune_tails() {
    if (open_.tail == nullptr) {
        return;
    }
    std::uint32_t left = options_.tail_bytes;
    if (open_.written > left) {
        open_.tail->give_back_below(open_.written - left);
    }
    left -= std::min(left, open_.written);
    for (std::size_t i = old_tails_.size(); i-- > 0;) {
        const std::uint32_t end = end_of(old_tails_[i]->chunk());
        if (left == 0 || end == 0) {
            old_tails_.erase(old_tails_.begin(),
                             old_tails_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
            break;
        }
        if (end > left) {
            old_tails_[i]->give_back_below(end - left);
        }
        left -= std::min(left, end);
    }
}

Stats LocalJournal::stats() const {
    Stats stats = stats_;
    stats.open_chunk = open_.tail == nullptr ? next_chunk_ : open_.chunk;
    stats.first_chunk = sealed_.empty() ? stats.open_chunk : sealed_.front().number;
    stats.bytes = sealed_bytes_ + (open_.tail == nullptr ? 0 : open_.end);
    stats.ready_segments = pool_.ready();
    stats.batch = batch_;
    stats.body_reads_cold = bodies_.disk_reads();
    return stats;
}

}  // namespace esteira::journal

#include "broker/journal/local/recovery.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "common/base/mutant.hpp"

namespace esteira::journal {

namespace {

[[noreturn]] void damaged(const std::string& name, const std::string& what) {
    throw Damaged(name + ": " + what);
}

[[noreturn]] void damaged_at(const std::string& name, std::uint32_t at, const std::string& why) {
    damaged(name, "damage at offset " + std::to_string(at) + ": " + why);
}

}  // namespace

Recovered Recovery::run(Journal::Visitor& visitor) {
    try {
        // Names that a killed process left undecided are decided first.
        disk_.sync_directory("journal");
        sort_files();
        find_chain();
        check_idle_files();
        for (std::size_t i = 0; i < segments_.size(); ++i) {
            const bool newest = i + 1 == segments_.size();
            const std::uint32_t limit =
                newest ? segments_[i].file_bytes : segments_[i + 1].header.before_end;
            walk(i, limit, newest, visitor);
        }
        if (!segments_.empty() && segments_.front().header.chunk > log_.first_chunk) {
            damaged(segment_name(segments_.front().header.chunk - 1),
                    "this segment is missing, and the log needs it");
        }
    } catch (const DiskError& error) {
        throw DeviceFailed(std::string("journal recovery: ") + error.what());
    }
    for (const Segment& segment : idle_) {
        log_.spares.push_back(segment.name);
    }
    return std::move(log_);
}

// What a failed or killed process left in the page cache must not be mistaken for what is on the
// device: it is flushed (an error here is final) and then forgotten.
File Recovery::open_for_reading(const std::string& name) {
    File file = disk_.open(name, Disk::Access::write);
    try {
        file.sync();
    } catch (const DiskError&) {
        if (!mutant(Mutant::sync_error_in_recovery_ignored)) {
            throw;
        }
    }
    if (!mutant(Mutant::restart_trusts_page_cache)) {
        file.drop_cache();
    }
    return file;
}

void Recovery::sort_files() {
    for (const std::string& name : disk_.list("journal")) {
        const std::string path = "journal/" + name;
        if (name.ends_with(".tmp")) {
            disk_.remove(path);
        } else if (const auto chunk = chunk_of_name(name)) {
            examine(path, *chunk);
        } else if (number_of_spare(name)) {
            examine(path, 0);
        }
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const Segment& a, const Segment& b) { return a.header.chunk < b.header.chunk; });
}

// `chunk` is 0 for a spare.
void Recovery::examine(const std::string& name, std::uint32_t chunk) {
    const File file = open_for_reading(name);
    Segment segment{.name = name, .header = {}, .file_bytes = 0};
    segment.file_bytes =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(file.size(), std::uint64_t{1} << 31));
    Sector sector{};
    const std::size_t count = file.read(sector, 0);
    const HeaderState state = decode(std::span(sector).first(count), segment.header);
    if (state == HeaderState::newer) {
        damaged(name, "written by a newer release");
    }
    if (chunk == 0 && state != HeaderState::good) {
        disk_.remove(name);  // A spare holds nothing; one that is not whole is of no use.
        return;
    }
    // Frames come after the header: where they are, the header was begun and is lost.
    reader_.start(file, segment.file_bytes);
    const bool unused = state == HeaderState::blank || segment.header.chunk == 0;
    if (state == HeaderState::bad || (unused && chunk != 0 && !holds_no_frame(reader_))) {
        damaged_at(name, 0, "the segment header does not fit");
    }
    if (state == HeaderState::good) {
        const bool begun = chunk != 0 && segment.header.chunk == chunk;
        (begun ? segments_ : idle_).push_back(std::move(segment));
        return;
    }
    disk_.remove(name);
}

// Keeps the unbroken run of chunks that ends with the newest one and starts at the chunk which that
// one needs.
void Recovery::find_chain() {
    if (segments_.empty()) {
        return;
    }
    const SegmentHeader& newest = segments_.back().header;
    log_.first_chunk = newest.first_chunk;
    std::size_t first = segments_.size() - 1;
    while (first > 0 && segments_[first].header.chunk > newest.first_chunk) {
        const SegmentHeader& header = segments_[first].header;
        const SegmentHeader& before = segments_[first - 1].header;
        if (before.chunk != header.chunk - 1) {
            break;
        }
        if (header.before_chunk != before.chunk || header.before_epoch != before.epoch) {
            damaged(segments_[first].name, "its predecessor is not the one that it names");
        }
        --first;
    }
    const auto split = segments_.begin() + static_cast<std::ptrdiff_t>(first);
    idle_.insert(idle_.end(), segments_.begin(), split);
    segments_.erase(segments_.begin(), split);
    log_.batch = segments_.front().header.batch;
}

// A file that may be written over must not be one that the log needs.
void Recovery::check_idle_files() const {
    if (segments_.empty()) {
        for (const Segment& file : idle_) {
            if (file.header.chunk != 0) {
                damaged(file.name, "the log that it was part of is missing");
            }
        }
        return;
    }
    for (const Segment& file : idle_) {
        if (file.header.chunk >= segments_.front().header.chunk) {
            damaged(file.name, "holds chunk " + std::to_string(file.header.chunk) + " of the log");
        }
    }
}

void Recovery::walk(std::size_t index, std::uint32_t limit, bool newest,
                    Journal::Visitor& visitor) {
    const Segment& segment = segments_[index];
    if (limit > segment.file_bytes) {
        damaged_at(segment.name, segment.file_bytes, "the file ends before its log does");
    }
    if (segment.header.batch != log_.batch) {
        damaged(segment.name, "does not follow batch " + std::to_string(log_.batch));
    }
    const File file = disk_.open(segment.name, Disk::Access::read);
    reader_.start(file, segment.file_bytes);
    state_parts_.clear();
    FrameWalk frames(reader_, seed_of(segment.header.epoch), limit, log_.batch);
    while (const auto frame = frames.next()) {
        hand_over(segment, *frame, visitor);
    }
    log_.batch = frames.batch();
    log_.epoch = segment.header.epoch;
    log_.chunks.push_back({segment.header.chunk, frames.at()});
    if (newest) {
        settle_tail(segment, file, frames.at());
    } else if (frames.at() != limit) {
        damaged_at(segment.name, frames.at(), "a later segment proves that it was durable");
    }
}

void Recovery::hand_over(const Segment& segment, const FrameWalk::Frame& frame,
                         Journal::Visitor& visitor) {
    const std::uint32_t chunk = segment.header.chunk;
    log_.time = frame.header.time;
    log_.first_chunk = std::max(log_.first_chunk, frame.header.first_chunk);
    switch (frame.header.kind) {
        case FrameKind::mark:
            break;
        case FrameKind::events:
            visitor.frame({chunk, frame.at + kFrameHeaderBytes}, frame.header.time, frame.payload);
            break;
        case FrameKind::state: {
            if (frame.header.part != state_parts_.size()) {
                damaged_at(segment.name, frame.at, "a part of the state is missing");
            }
            state_parts_.emplace_back(frame.payload.begin(), frame.payload.end());
            if (state_parts_.size() < frame.header.parts) {
                break;
            }
            // The whole or nothing: a start may find the first parts of a state alone.
            for (std::uint32_t part = 0; part < frame.header.parts; ++part) {
                visitor.state(chunk, part, frame.header.parts, state_parts_[part]);
            }
            log_.state_chunk = chunk;
            state_parts_.clear();
            break;
        }
    }
}

void Recovery::settle_tail(const Segment& segment, const File& file, std::uint32_t at) {
    const auto finding = examine_tail(reader_, seed_of(segment.header.epoch), at);
    if (finding.proven_by && !mutant(Mutant::truncate_at_any_bad_frame)) {
        damaged_at(segment.name, at,
                   "the frame at offset " + std::to_string(*finding.proven_by) +
                       " proves that it was durable");
    }
    if (finding.evidence_end > at) {
        quarantine(segment, file, at, finding.evidence_end);
    }
}

// Keeps a copy of [at, end). On a full disk the bytes stay where they are instead.
void Recovery::quarantine(const Segment& segment, const File& file, std::uint32_t at,
                          std::uint32_t end) {
    log_.quarantined_bytes += end - at;
    std::array<char, 64> name{};
    std::snprintf(name.data(), name.size(), "quarantine/%08x-%08x.torn", segment.header.chunk, at);
    try {
        File copy = disk_.open(name.data(), Disk::Access::create);
        reader_.start(file, segment.file_bytes);
        for (std::uint32_t from = at; from < end;) {
            const auto bytes = reader_.view(from, std::min(end - from, limits::kFrameBytesMax));
            if (bytes.empty()) {
                break;
            }
            if (copy.write(bytes, from - at) != bytes.size()) {
                throw DiskError(ENOSPC, "short write");
            }
            from += static_cast<std::uint32_t>(bytes.size());
        }
        copy.sync();
        disk_.sync_directory("quarantine");
    } catch (const DiskError& error) {
        if (!error.no_room()) {
            throw;
        }
        log_.tail_is_kept = true;
    }
}

}  // namespace esteira::journal

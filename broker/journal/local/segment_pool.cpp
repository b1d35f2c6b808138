#include "broker/journal/local/segment_pool.hpp"

#include <algorithm>
#include <array>

#include "broker/journal/local/format.hpp"
#include "common/base/check.hpp"

namespace esteira::journal {

namespace {

constexpr std::uint32_t kStepBytes = 64 << 10;

void write_whole(File& file, std::span<const std::byte> bytes, std::uint64_t at) {
    if (file.write(bytes, at) != bytes.size()) {
        throw DiskError(ENOSPC, "short write");
    }
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

void SegmentPool::adopt(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (const auto number = number_of_spare(base_name(name))) {
            next_number_ = std::max(next_number_, *number + 1);
        }
    }
    for (const std::string& name : names) {
        if (!number_of_spare(base_name(name))) {
            recycle(name);
            continue;
        }
        Spare spare{.name = name, .written = limits::kSectorBytes};
        const File file = disk_.open(name, Disk::Access::read);
        Sector sector{};
        SegmentHeader header;
        const bool good =
            file.read(sector, 0) == sector.size() && decode(sector, header) == HeaderState::good;
        if (!good || file.size() != options_.segment_bytes) {
            disk_.remove(name);
            continue;
        }
        // A recycled one was written to its end.
        if (header.chunk != 0 || header.prewritten) {
            spare.written = options_.segment_bytes;
        }
        add(std::move(spare));
    }
    check_room();
}

void SegmentPool::add(Spare spare) {
    const std::lock_guard lock(mutex_);
    spares_.push_back(std::move(spare));
    publish();
}

std::string SegmentPool::next_name() {
    const std::lock_guard lock(mutex_);
    return spare_name(next_number_++);
}

void SegmentPool::fill(std::uint32_t count) {
    check_room();
    while (ready() < count && guarded([this] { return make_one(); })) {
    }
}

// With hysteresis, so that sends do not flicker around the floor.
void SegmentPool::check_room() {
    if (options_.free_bytes_floor == 0) {
        return;
    }
    const std::uint64_t margin = low_ ? options_.free_bytes_floor / 8 : 0;
    low_ = disk_.free_bytes() < options_.free_bytes_floor + margin;
}

// A full disk is an answer (false); any other failure is the end.
bool SegmentPool::guarded(const std::function<bool()>& step) {
    try {
        return step();
    } catch (const DiskError& error) {
        if (error.no_room()) {
            return false;
        }
        failed_ = true;
        throw;
    }
}

// The file gets its name when its blocks and its header are durable, so that a spare is always
// whole.
bool SegmentPool::make_one() {
    const std::string name = next_name();
    const std::string unfinished = name.substr(0, name.rfind('.')) + ".tmp";
    File file = disk_.open(unfinished, Disk::Access::create);
    try {
        file.allocate(options_.segment_bytes);
        write_spare_header(file, false);
        file.sync();
    } catch (const DiskError& error) {
        if (error.no_room()) {
            disk_.remove(unfinished);
        }
        throw;
    }
    disk_.rename(unfinished, name);
    disk_.sync_directory("journal");
    add({.name = name, .written = limits::kSectorBytes});
    return true;
}

void SegmentPool::write_spare_header(File& file, bool prewritten) const {
    SegmentHeader header;
    header.segment_bytes = options_.segment_bytes;
    header.prewritten = prewritten;
    write_whole(file, encode(header), 0);
}

bool SegmentPool::prepare_step() {
    return guarded([this] {
        check_room();
        // Under the floor only the reserve is renewed: what takes from the log must go on.
        const std::uint32_t wanted = low_ ? limits::kReserveSegments : kSparesWanted;
        if (ready() < wanted) {
            return make_one();
        }
        return prewrite_step();
    });
}

bool SegmentPool::prewrite_step() {
    std::string name;
    std::uint32_t from = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto spare = std::find_if(spares_.begin(), spares_.end(), [this](const Spare& s) {
            return !s.whole(options_.segment_bytes);
        });
        if (spare == spares_.end()) {
            return false;
        }
        spare->busy = true;
        name = spare->name;
        from = spare->written;
    }
    // Gives the spare back, further written, or forgets it: `upto` 0.
    const auto release = [&](std::uint32_t upto) {
        const std::lock_guard lock(mutex_);
        const auto spare = std::find_if(spares_.begin(), spares_.end(),
                                        [&](const Spare& s) { return s.name == name; });
        ESTEIRA_CHECK(spare != spares_.end());
        spare->busy = false;
        spare->written = upto;
        if (upto == 0) {
            spares_.erase(spare);
        }
        publish();
        idle_.notify_all();
    };
    try {
        write_zeros(name, from);
    } catch (const DiskError& error) {
        release(0);
        if (error.no_room()) {
            disk_.remove(name);
        }
        throw;
    } catch (...) {
        release(0);
        throw;
    }
    release(std::min(from / kStepBytes * kStepBytes + kStepBytes, options_.segment_bytes));
    return true;
}

// Up to the next whole step; the last step also says in the header that it is done.
void SegmentPool::write_zeros(const std::string& name, std::uint32_t from) {
    static constexpr std::array<std::byte, kStepBytes> kZeros{};
    const std::uint32_t upto =
        std::min(from / kStepBytes * kStepBytes + kStepBytes, options_.segment_bytes);
    File file = disk_.open(name, Disk::Access::write);
    write_whole(file, std::span(kZeros).first(upto - from), from);
    if (upto == options_.segment_bytes) {
        write_spare_header(file, true);
    }
    file.sync();
    // The log is written past the cache, and every page that lies there would have to be found.
    if (upto == options_.segment_bytes) {
        file.drop_cache();
    }
}

File SegmentPool::take(std::uint32_t chunk) {
    if (ready() == 0) {
        make_one();
    }
    std::string name;
    {
        std::unique_lock lock(mutex_);
        // The one that is written furthest syncs fastest.
        const auto better = [](const Spare& a, const Spare& b) {
            return a.busy != b.busy ? a.busy : a.written < b.written;
        };
        auto best = std::max_element(spares_.begin(), spares_.end(), better);
        while (best != spares_.end() && best->busy) {
            idle_.wait(lock);
            best = std::max_element(spares_.begin(), spares_.end(), better);
        }
        if (best == spares_.end()) {
            throw DiskError(ENOSPC, "no segment is left");
        }
        name = best->name;
        spares_.erase(best);
        publish();
    }
    disk_.rename(name, segment_name(chunk));
    disk_.sync_directory("journal");
    return disk_.open(segment_name(chunk), Disk::Access::log);
}

void SegmentPool::recycle(const std::string& name) {
    const bool fits = disk_.open(name, Disk::Access::read).size() == options_.segment_bytes;
    if (!fits || ready() >= options_.spares_max) {
        disk_.remove(name);
        return;
    }
    Spare spare{.name = next_name(), .written = options_.segment_bytes};
    disk_.rename(name, spare.name);
    add(std::move(spare));
}

}  // namespace esteira::journal

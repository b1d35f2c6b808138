#include "tests/support/sim_disk.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "common/base/check.hpp"

namespace esteira::journal {

namespace {

constexpr std::uint64_t kSector = limits::kSectorBytes;

// splitmix64: small, good enough, the same everywhere.
std::uint64_t draw(std::uint64_t& seed) {
    seed += 0x9E3779B97F4A7C15ULL;
    std::uint64_t value = seed;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31);
}

bool has(std::uint8_t sectors, std::uint64_t sector) {
    return (std::uint32_t{sectors} >> sector & 1U) != 0;
}

bool in_folder(const std::string& name, const std::string& folder) {
    return name.size() > folder.size() && name.starts_with(folder) && name[folder.size()] == '/';
}

}  // namespace

SimDisk::SimDisk() = default;

// Every counted call begins here.
void SimDisk::step() {
    ++calls_;
    if (calls_ == crash_at_) {
        if (!crash_torn_) {
            throw SimCrash{};
        }
        torn_now_ = true;
    }
    if (fail_at_ != 0 && (calls_ == fail_at_ || (fail_for_good_ && calls_ > fail_at_))) {
        throw DiskError(fail_error_, "simulated");
    }
}

void SimDisk::fail_next_sync(int error) { sync_error_ = error; }

void SimDisk::fail_call(std::uint64_t count, int error, bool for_good) {
    fail_at_ = count == 0 ? 0 : calls_ + count;
    fail_error_ = error;
    fail_for_good_ = for_good;
}

void SimDisk::crash_at_call(std::uint64_t count, bool torn) {
    crash_at_ = count == 0 ? 0 : calls_ + count;
    crash_torn_ = torn;
}

void SimDisk::crash_process() {
    fail_call(0, 0);
    crash_at_call(0);
    torn_now_ = false;
    sync_error_ = 0;
    short_write_.reset();
}

void SimDisk::crash_power(std::uint64_t seed, bool garble) {
    crash_process();
    undo_names(seed);
    for (auto& [name, node] : names_) {
        lose_power(*node, seed, garble);
    }
}

void SimDisk::lose_power(Inode& inode, std::uint64_t& seed, bool garble) {
    if (inode.bytes != inode.durable_bytes && draw(seed) % 2 == 0) {
        inode.bytes = inode.durable_bytes;
        inode.pages.resize((inode.bytes + kPageBytes - 1) / kPageBytes);
    }
    for (const std::uint32_t index : inode.touched) {
        if (index >= inode.pages.size()) {
            continue;
        }
        Page& page = inode.pages[index];
        for (std::uint64_t sector = 0; sector < kSectorsInPage; ++sector) {
            const auto bit = static_cast<std::uint8_t>(1U << sector);
            if ((page.dirty & bit) == 0 && (page.lost & bit) == 0) {
                continue;
            }
            std::byte* const cached = page.cached->data() + sector * kSector;
            const std::uint64_t choice = draw(seed);
            if ((page.lost & bit) == 0 && choice % 2 == 0) {
                continue;
            }  // It got there.
            if (garble && (page.known & bit) == 0 && choice % 4 == 1) {
                for (std::uint64_t i = 0; i < kSector; ++i) {
                    cached[i] = static_cast<std::byte>(draw(seed));
                }
            } else if (page.durable) {
                std::memcpy(cached, page.durable->data() + sector * kSector, kSector);
            } else {
                std::memset(cached, 0, kSector);
            }
        }
        page.lost = 0;
        make_durable(page);
    }
    inode.touched.clear();
    inode.durable_bytes = inode.bytes;
}

// From the newest to the oldest, each is undone or not; one that a later, kept one builds on is
// kept.
void SimDisk::undo_names(std::uint64_t& seed) {
    std::set<std::string> fixed;
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
        const bool needed = fixed.contains(change->from) || fixed.contains(change->to);
        if (needed || draw(seed) % 2 == 0) {
            if (!change->from.empty()) {
                fixed.insert(change->from);
            }
            if (!change->to.empty()) {
                fixed.insert(change->to);
            }
            continue;
        }
        if (!change->to.empty()) {
            names_.erase(change->to);
            if (change->replaced) {
                names_[change->to] = change->replaced;
            }
        }
        if (!change->from.empty()) {
            names_[change->from] = change->node;
        }
    }
    changes_.clear();
}

int SimDisk::open_handle(const std::string& name, Access access) {
    step();
    const auto known = names_.find(name);
    Node node = known == names_.end() ? nullptr : known->second;
    if (access == Access::create) {
        if (node == nullptr) {
            node = names_[name] = std::make_shared<Inode>();
            changes_.push_back({.from = {}, .to = name, .node = node, .replaced = nullptr});
        } else {
            node->pages.clear();
            node->touched.clear();
            node->bytes = node->durable_bytes = 0;
        }
    }
    if (node == nullptr) {
        throw DiskError(ENOENT, name);
    }
    const auto free = std::find(handles_.begin(), handles_.end(), nullptr);
    const auto handle = static_cast<int>(free - handles_.begin());
    if (free == handles_.end()) {
        handles_.push_back(std::move(node));
    } else {
        *free = std::move(node);
    }
    return handle;
}

void SimDisk::close(int handle) noexcept { handles_[static_cast<std::size_t>(handle)].reset(); }

std::uint64_t SimDisk::size(int handle) { return inode_of(handle).bytes; }

void SimDisk::resize(int handle, std::uint64_t bytes) {
    step();
    Inode& inode = inode_of(handle);
    inode.bytes = bytes;
    inode.pages.resize((bytes + kPageBytes - 1) / kPageBytes);
}

void SimDisk::take_room(Inode& inode, std::uint64_t upto) {
    if (upto <= inode.room) {
        return;
    }
    if (upto - inode.room > room_) {
        throw DiskError(ENOSPC, "simulated full disk");
    }
    if (room_ != std::numeric_limits<std::uint64_t>::max()) {
        room_ -= upto - inode.room;
    }
    inode.room = upto;
}

void SimDisk::allocate(int handle, std::uint64_t bytes) {
    step();
    Inode& inode = inode_of(handle);
    take_room(inode, bytes);
    inode.bytes = std::max(inode.bytes, bytes);
    inode.pages.resize((inode.bytes + kPageBytes - 1) / kPageBytes);
}

std::size_t SimDisk::write(int handle, std::span<const std::byte> bytes, std::uint64_t at) {
    step();
    Inode& inode = inode_of(handle);
    if (torn_now_) {
        put(inode, bytes.first(bytes.size() / 2 / kSector * kSector), at);
        throw SimCrash{};
    }
    take_room(inode, at + bytes.size());
    if (short_write_ && bytes.size() > *short_write_) {
        bytes = bytes.first(*std::exchange(short_write_, std::nullopt));
    }
    put(inode, bytes, at);
    return bytes.size();
}

void SimDisk::put(Inode& inode, std::span<const std::byte> bytes, std::uint64_t at) {
    inode.bytes = std::max(inode.bytes, at + bytes.size());
    inode.pages.resize((inode.bytes + kPageBytes - 1) / kPageBytes);
    while (!bytes.empty()) {
        const std::uint64_t index = at / kPageBytes;
        const std::uint64_t from = at % kPageBytes;
        const std::uint64_t count = std::min<std::uint64_t>(bytes.size(), kPageBytes - from);
        Page& page = inode.pages[index];
        if (!page.cached) {
            page.cached = std::make_unique<Bytes>();
        }
        if (page.dirty == 0 && page.lost == 0) {
            if (page.known != 0) {
                page.durable = std::make_unique<Bytes>(*page.cached);
            }
            inode.touched.push_back(static_cast<std::uint32_t>(index));
        }
        std::memcpy(page.cached->data() + from, bytes.data(), count);
        for (std::uint64_t s = from / kSector; s <= (from + count - 1) / kSector; ++s) {
            page.dirty = static_cast<std::uint8_t>(page.dirty | (1U << s));
        }
        bytes = bytes.subspan(count);
        at += count;
    }
}

std::size_t SimDisk::read(int handle, std::span<std::byte> room, std::uint64_t at) {
    step();
    ++reads_;
    const Inode& inode = inode_of(handle);
    if (at >= inode.bytes) {
        return 0;
    }
    room = room.first(std::min<std::uint64_t>(room.size(), inode.bytes - at));
    for (std::uint64_t done = 0; done < room.size();) {
        const std::uint64_t from = (at + done) % kPageBytes;
        const std::uint64_t count = std::min(room.size() - done, kPageBytes - from);
        const Page& page = inode.pages[(at + done) / kPageBytes];
        if (page.cached) {
            std::memcpy(room.data() + done, page.cached->data() + from, count);
        } else {
            std::memset(room.data() + done, 0, count);
        }
        done += count;
    }
    return room.size();
}

// What is cached of the page, except the lost sectors, is what the device has.
void SimDisk::make_durable(Page& page) {
    page.known = static_cast<std::uint8_t>(page.known | page.dirty);
    if (page.lost == 0) {
        page.durable.reset();
    } else {
        if (!page.durable) {
            page.durable = std::make_unique<Bytes>();
        }
        for (std::uint64_t s = 0; s < kSectorsInPage; ++s) {
            if (!has(page.dirty, s)) {
                continue;
            }
            std::memcpy(page.durable->data() + s * kSector, page.cached->data() + s * kSector,
                        kSector);
        }
    }
    page.dirty = 0;
}

void SimDisk::sync(int handle) {
    step();
    ++syncs_;
    Inode& inode = inode_of(handle);
    if (const int error = std::exchange(sync_error_, 0); error != 0) {
        for (const std::uint32_t index : inode.touched) {
            if (index >= inode.pages.size()) {
                continue;
            }
            Page& page = inode.pages[index];
            if (!page.durable) {
                page.durable = std::make_unique<Bytes>();
            }
            page.lost = static_cast<std::uint8_t>(page.lost | page.dirty);
            page.dirty = 0;
        }
        throw DiskError(error, "simulated sync");
    }
    std::vector<std::uint32_t> still_lost;
    for (const std::uint32_t index : inode.touched) {
        if (index >= inode.pages.size()) {
            continue;
        }
        Page& page = inode.pages[index];
        // Writing a lost sector again makes it dirty, and so durable now.
        page.lost = static_cast<std::uint8_t>(page.lost & ~page.dirty);
        make_durable(page);
        if (page.lost != 0) {
            still_lost.push_back(index);
        }
    }
    inode.touched = std::move(still_lost);
    inode.durable_bytes = inode.bytes;
}

void SimDisk::drop_cache(int handle) {
    step();
    Inode& inode = inode_of(handle);
    std::vector<std::uint32_t> still_dirty;
    for (const std::uint32_t index : inode.touched) {
        if (index >= inode.pages.size()) {
            continue;
        }
        Page& page = inode.pages[index];
        for (std::uint64_t s = 0; s < kSectorsInPage; ++s) {
            if (!has(page.lost, s)) {
                continue;
            }
            std::memcpy(page.cached->data() + s * kSector, page.durable->data() + s * kSector,
                        kSector);
        }
        page.lost = 0;
        if (page.dirty == 0) {
            page.durable.reset();
        } else {
            still_dirty.push_back(index);
        }
    }
    inode.touched = std::move(still_dirty);
}

void SimDisk::rename(const std::string& from, const std::string& to) {
    step();
    const auto known = names_.find(from);
    if (known == names_.end()) {
        throw DiskError(ENOENT, from);
    }
    const Node node = known->second;
    names_.erase(known);
    const auto other = names_.find(to);
    changes_.push_back({.from = from,
                        .to = to,
                        .node = node,
                        .replaced = other == names_.end() ? nullptr : other->second});
    names_[to] = node;
}

void SimDisk::remove(const std::string& name) {
    step();
    const auto known = names_.find(name);
    if (known == names_.end()) {
        throw DiskError(ENOENT, name);
    }
    const Node node = known->second;
    if (room_ != std::numeric_limits<std::uint64_t>::max()) {
        room_ += node->room;
    }
    names_.erase(known);
    changes_.push_back({.from = name, .to = {}, .node = node, .replaced = nullptr});
}

std::vector<std::string> SimDisk::list(const std::string& folder) {
    std::vector<std::string> found;
    for (const auto& [name, node] : names_) {
        if (in_folder(name, folder)) {
            found.push_back(name.substr(folder.size() + 1));
        }
    }
    return found;
}

void SimDisk::sync_directory(const std::string& folder) {
    step();
    std::erase_if(changes_, [&](const Change& change) {
        return in_folder(change.to.empty() ? change.from : change.to, folder);
    });
}

const SimDisk::Inode& SimDisk::inode_named(const std::string& name) const {
    const auto known = names_.find(name);
    ESTEIRA_CHECK(known != names_.end());
    return *known->second;
}

std::vector<std::byte> SimDisk::content(const std::string& name) const {
    const Inode& inode = inode_named(name);
    std::vector<std::byte> bytes(inode.bytes);
    for (std::uint64_t at = 0; at < inode.bytes; at += kPageBytes) {
        const Page& page = inode.pages[at / kPageBytes];
        if (!page.cached) {
            continue;
        }
        const std::uint64_t count = std::min(kPageBytes, inode.bytes - at);
        std::memcpy(bytes.data() + at, page.cached->data(), count);
    }
    return bytes;
}

void SimDisk::set_content(const std::string& name, std::span<const std::byte> bytes) {
    Node& node = names_[name];
    node = std::make_shared<Inode>();
    put(*node, bytes, 0);
    for (Page& page : node->pages) {
        make_durable(page);
    }
    node->touched.clear();
    node->durable_bytes = node->bytes;
    node->room = node->bytes;
}

void SimDisk::flip_bit(const std::string& name, std::uint64_t bit) {
    const Inode& inode = inode_named(name);
    ESTEIRA_CHECK(bit / 8 < inode.bytes);
    Inode& changed = *names_[name];
    Page& page = changed.pages[bit / 8 / kPageBytes];
    if (!page.cached) {
        page.cached = std::make_unique<Bytes>();
    }
    std::byte& byte = (*page.cached)[bit / 8 % kPageBytes];
    byte ^= static_cast<std::byte>(1U << (bit % 8));
    if (page.durable) {
        (*page.durable)[bit / 8 % kPageBytes] = byte;
    }
}

}  // namespace esteira::journal

#include "tests/support/sim_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/base/check.hpp"

namespace esteira::journal {

namespace {

constexpr std::uint64_t kSector = limits::kSectorBytes;

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
    sectors_only_.resize(handles_.size());
    sectors_only_[static_cast<std::size_t>(handle)] = access == Access::log;
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
    if (sectors_only_[static_cast<std::size_t>(handle)]) {
        const auto memory = reinterpret_cast<std::uintptr_t>(bytes.data());
        ESTEIRA_CHECK((memory | bytes.size() | at) % kSector == 0);
    }
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

}  // namespace esteira::journal

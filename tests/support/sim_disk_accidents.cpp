#include <algorithm>
#include <cstring>
#include <set>

#include "common/base/check.hpp"
#include "tests/support/sim_disk.hpp"

// What a test does to the simulated disk behind the journal's back, and what it looks at there.
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

}  // namespace

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

#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/journal/local/disk.hpp"
#include "common/base/limits.hpp"

// A disk in memory that can lose power. It keeps what is durable apart from what was only written,
// sector by sector, and names apart from files, so that a test can ask what a start finds after any
// accident. One thread; deterministic by its seeds.
namespace esteira::journal {

// The process dies inside a call to the disk.
struct SimCrash {};

class SimDisk final : public Disk {
public:
    SimDisk();

    // ---- Accidents.

    // The process is gone (its journal object must be, or is about to be); the page cache stays.
    void crash_process();

    // The power is gone: every sector that was written and not synced is old or new, and every name
    // that was changed and not synced is old or new, as `seed` says. With `garble`, a sector whose
    // blocks were never durable before may hold anything.
    void crash_power(std::uint64_t seed, bool garble = false);

    // The next sync of a file fails with `error`, as Linux does it: the pages count as clean, so
    // the sync after it «works», reads still show them, and dropping the cache shows the old bytes.
    void fail_next_sync(int error);

    bool sync_will_fail() const { return sync_error_ != 0; }

    // The `count`-th call from now on (1: the next one) fails with `error`; with `for_good`, so do
    // all later ones. Closing, listing and hints are not counted.
    void fail_call(std::uint64_t count, int error, bool for_good = false);

    // The `count`-th call from now on throws SimCrash and nothing of it is done. With `torn` it is
    // the first write from that call on, and half of its sectors are written.
    void crash_at_call(std::uint64_t count, bool torn = false);

    // The next write of more than `bytes` stops after so many.
    void shorten_next_write(std::size_t bytes) { short_write_ = bytes; }

    // So many bytes can still be allocated or newly written.
    void limit_room(std::uint64_t bytes) { room_ = bytes; }
    void unlimit_room() { room_ = std::numeric_limits<std::uint64_t>::max(); }

    // ---- Looking and meddling, on what is durable and cached alike.

    std::uint64_t calls() const { return calls_; }
    bool exists(const std::string& name) const { return names_.contains(name); }
    std::vector<std::byte> content(const std::string& name) const;
    void set_content(const std::string& name, std::span<const std::byte> bytes);
    void flip_bit(const std::string& name, std::uint64_t bit);
    // How many times each of these was asked for, for tests that count.
    std::uint64_t syncs() const { return syncs_; }
    std::uint64_t reads() const { return reads_; }

    // ---- Disk.

    void rename(const std::string& from, const std::string& to) override;
    void remove(const std::string& name) override;
    std::vector<std::string> list(const std::string& folder) override;
    void sync_directory(const std::string& folder) override;
    std::uint64_t free_bytes() override { return room_; }

protected:
    int open_handle(const std::string& name, Access access) override;
    void close(int handle) noexcept override;
    std::uint64_t size(int handle) override;
    void resize(int handle, std::uint64_t bytes) override;
    void allocate(int handle, std::uint64_t bytes) override;
    std::size_t write(int handle, std::span<const std::byte> bytes, std::uint64_t at) override;
    std::size_t read(int handle, std::span<std::byte> room, std::uint64_t at) override;
    void sync(int handle) override;
    void drop_cache(int handle) override;
    void read_ahead(int /*handle*/, std::uint64_t /*at*/, std::uint64_t /*bytes*/) override {}

private:
    static constexpr std::uint64_t kPageBytes = 4096;
    static constexpr std::uint64_t kSectorsInPage = kPageBytes / limits::kSectorBytes;
    using Bytes = std::array<std::byte, kPageBytes>;

    // Sparse: a page that nobody wrote is zeros. `durable` is set when it differs from `cached`.
    struct Page {
        std::unique_ptr<Bytes> cached;
        std::unique_ptr<Bytes> durable;
        std::uint8_t dirty = 0;  // Sectors that were written and not synced.
        std::uint8_t lost = 0;   // Sectors that a failed sync forgot to write.
        std::uint8_t known = 0;  // Sectors that were durable once.
    };
    struct Inode {
        std::vector<Page> pages;
        std::vector<std::uint32_t> touched;  // Pages with dirty or lost sectors.
        std::uint64_t bytes = 0;
        std::uint64_t durable_bytes = 0;
        std::uint64_t room = 0;  // Counted against the limit.
    };
    using Node = std::shared_ptr<Inode>;  // A file may outlive its name; handles share it.

    // One change of a folder that is not durable yet, and what it replaced.
    struct Change {
        std::string from;  // Empty: the file is new.
        std::string to;    // Empty: the name is removed.
        Node node;
        Node replaced;
    };

    void step();
    void take_room(Inode& inode, std::uint64_t upto);
    void put(Inode& inode, std::span<const std::byte> bytes, std::uint64_t at);
    static void make_durable(Page& page);
    void lose_power(Inode& inode, std::uint64_t& seed, bool garble);
    void undo_names(std::uint64_t& seed);
    Inode& inode_of(int handle) { return *handles_[static_cast<std::size_t>(handle)]; }
    const Inode& inode_named(const std::string& name) const;

    std::map<std::string, Node> names_;
    std::vector<Node> handles_;
    std::vector<bool> sectors_only_;  // By handle: opened for the log.
    std::vector<Change> changes_;
    std::uint64_t room_ = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t calls_ = 0;
    std::uint64_t syncs_ = 0;
    std::uint64_t reads_ = 0;
    std::uint64_t fail_at_ = 0;
    int fail_error_ = 0;
    bool fail_for_good_ = false;
    std::uint64_t crash_at_ = 0;
    bool crash_torn_ = false;
    bool torn_now_ = false;
    int sync_error_ = 0;
    std::optional<std::size_t> short_write_;
};

}  // namespace esteira::journal

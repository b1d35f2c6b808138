#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// The door to the file system: the few calls that the journal needs, so that tests can lose power,
// fill the disk and flip bits behind it (tests/support/sim_disk). Names are relative to the data
// folder ("journal/00000001.seg"). Every call that the system refuses throws DiskError.
namespace esteira::journal {

struct DiskError : std::system_error {
    DiskError(int error, const std::string& what)
        : std::system_error(error, std::generic_category(), what) {}
    // There is no room now; there may be later. Everything else is a device that cannot be trusted.
    bool no_room() const {
        return code().value() == ENOSPC || code().value() == EDQUOT || code().value() == EFBIG;
    }
};

class File;

class Disk {
public:
    // create: for writing, empty. log: for writing whole sectors (size and place) out of memory
    // that begins at a multiple of a sector; it may pass by the kernel's cache, which costs less.
    enum class Access { read, write, create, log };

    virtual ~Disk() = default;

    File open(const std::string& name, Access access);

    // Gives the new name to the file; whatever had it is gone. Durable after sync_directory().
    virtual void rename(const std::string& from, const std::string& to) = 0;
    virtual void remove(const std::string& name) = 0;
    virtual std::vector<std::string> list(const std::string& folder) = 0;
    virtual void sync_directory(const std::string& folder) = 0;
    virtual std::uint64_t free_bytes() = 0;

protected:
    friend class File;
    virtual int open_handle(const std::string& name, Access access) = 0;
    virtual void close(int handle) noexcept = 0;
    virtual std::uint64_t size(int handle) = 0;
    virtual void resize(int handle, std::uint64_t bytes) = 0;
    virtual void allocate(int handle, std::uint64_t bytes) = 0;
    virtual std::size_t write(int handle, std::span<const std::byte> bytes, std::uint64_t at) = 0;
    virtual std::size_t read(int handle, std::span<std::byte> room, std::uint64_t at) = 0;
    virtual void sync(int handle) = 0;
    virtual void drop_cache(int handle) = 0;
    virtual void read_ahead(int handle, std::uint64_t at, std::uint64_t bytes) = 0;
};

// An open file; closes itself.
class File {
public:
    File() = default;
    File(Disk& disk, int handle) : disk_(&disk), handle_(handle) {}
    File(File&& other) noexcept
        : disk_(std::exchange(other.disk_, nullptr)), handle_(other.handle_) {}
    File& operator=(File&& other) noexcept {
        std::swap(disk_, other.disk_);
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~File() {
        if (disk_ != nullptr) {
            disk_->close(handle_);
        }
    }

    explicit operator bool() const { return disk_ != nullptr; }

    std::uint64_t size() const { return disk_->size(handle_); }
    void resize(std::uint64_t bytes) { disk_->resize(handle_, bytes); }
    // Sets blocks aside for all of [0, bytes), so that writing there needs no room later.
    void allocate(std::uint64_t bytes) { disk_->allocate(handle_, bytes); }
    // How much was written; less than asked for is a short write.
    std::size_t write(std::span<const std::byte> bytes, std::uint64_t at) {
        return disk_->write(handle_, bytes, at);
    }
    // Fills the room, or as much of it as the file has.
    std::size_t read(std::span<std::byte> room, std::uint64_t at) const {
        return disk_->read(handle_, room, at);
    }
    // Returns when all that was written to the file is durable. After an error nothing is known.
    void sync() { disk_->sync(handle_); }
    // The next read asks the device, not what the kernel remembers of it.
    void drop_cache() { disk_->drop_cache(handle_); }
    void read_ahead(std::uint64_t at, std::uint64_t bytes) const {
        disk_->read_ahead(handle_, at, bytes);
    }

private:
    Disk* disk_ = nullptr;
    int handle_ = -1;
};

inline File Disk::open(const std::string& name, Access access) {
    return {*this, open_handle(name, access)};
}

}  // namespace esteira::journal

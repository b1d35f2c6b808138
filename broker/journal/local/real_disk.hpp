#pragma once

#include <string>
#include <vector>

#include "broker/journal/local/disk.hpp"

namespace esteira::journal {

// A data folder of this machine. `owner` makes it (0700) with its folders and holds its lock as
// long as it lives: throws Locked when another process has it. `reader` changes nothing and locks
// nothing. Calls on different files may come from different threads.
class RealDisk final : public Disk {
public:
    enum class Role { owner, reader };

    explicit RealDisk(const std::string& data_folder, Role role = Role::owner);
    ~RealDisk() override;
    RealDisk(const RealDisk&) = delete;
    RealDisk& operator=(const RealDisk&) = delete;

    void rename(const std::string& from, const std::string& to) override;
    void remove(const std::string& name) override;
    std::vector<std::string> list(const std::string& folder) override;
    void sync_directory(const std::string& folder) override;
    std::uint64_t free_bytes() override;

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
    void read_ahead(int handle, std::uint64_t at, std::uint64_t bytes) override;

private:
    void make_folder(const std::string& name);
    void take_lock();

    std::string path_;
    int folder_ = -1;
    int lock_ = -1;
};

}  // namespace esteira::journal

#include "broker/journal/local/real_disk.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "broker/journal/journal.hpp"
#include "common/base/limits.hpp"

namespace esteira::journal {

namespace {

// Runs the call again when a signal came in between.
template <class Call>
auto retried(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) {
        result = call();
    }
    return result;
}

// posix_f* return the error instead of setting it.
template <class Call>
int retried_code(Call call) {
    int code = call();
    while (code == EINTR) {
        code = call();
    }
    return code;
}

// Whether writes of whole sectors may pass by the kernel's cache. Linux tells it since 6.1; where
// it does not, and on devices with larger blocks, the cache stays in the way.
bool takes_sectors(int handle) {
    struct statx info {};
    if (::statx(handle, "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) != 0 ||
        (info.stx_mask & STATX_DIOALIGN) == 0 || info.stx_dio_offset_align == 0) {
        return false;
    }
    return limits::kSectorBytes % info.stx_dio_offset_align == 0 &&
           limits::kSectorBytes % info.stx_dio_mem_align == 0;
}

}  // namespace

RealDisk::RealDisk(const std::string& data_folder, Role role) : path_(data_folder) {
    if (role == Role::owner && ::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
        throw DiskError(errno, path_);
    }
    folder_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0) {
        throw DiskError(errno, path_);
    }
    if (role == Role::reader) {
        return;
    }
    try {
        take_lock();
        make_folder("journal");
        make_folder("quarantine");
        sync_directory(".");
    } catch (...) {
        if (lock_ >= 0) {
            ::close(lock_);
        }
        ::close(folder_);
        throw;
    }
}

RealDisk::~RealDisk() {
    if (lock_ >= 0) {
        ::close(lock_);
    }
    ::close(folder_);
}

void RealDisk::make_folder(const std::string& name) {
    if (::mkdirat(folder_, name.c_str(), 0700) != 0 && errno != EEXIST) {
        throw DiskError(errno, path_ + "/" + name);
    }
}

void RealDisk::take_lock() {
    lock_ = ::openat(folder_, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0) {
        throw DiskError(errno, path_ + "/lock");
    }
    std::array<char, 24> pid{};
    if (retried([&] { return ::flock(lock_, LOCK_EX | LOCK_NB); }) != 0) {
        if (errno != EWOULDBLOCK) {
            throw DiskError(errno, path_ + "/lock");
        }
        const ssize_t length = ::pread(lock_, pid.data(), pid.size(), 0);
        const std::string_view holder(pid.data(),
                                      length > 0 ? static_cast<std::size_t>(length) : 0);
        throw Locked(path_ + " belongs to another broker, pid " + std::string(holder));
    }
    const auto end = std::to_chars(pid.data(), pid.data() + pid.size(), ::getpid()).ptr;
    const auto length = static_cast<std::size_t>(end - pid.data());
    // The pid is for people: the lock holds without it, also on a full disk.
    if (::ftruncate(lock_, 0) == 0) {
        (void)!::pwrite(lock_, pid.data(), length, 0);
    }
}

int RealDisk::open_handle(const std::string& name, Access access) {
    int flags = O_RDONLY;
    if (access == Access::write || access == Access::log) {
        flags = O_RDWR;
    }
    if (access == Access::create) {
        flags = O_RDWR | O_CREAT | O_TRUNC;
    }
    const int handle = retried(
        [&] { return ::openat(folder_, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600); });
    if (handle < 0) {
        throw DiskError(errno, name + ": open");
    }
    // Set afterwards: a file system that cannot do it refuses the flag, not the file.
    if (access == Access::log && takes_sectors(handle)) {
        (void)::fcntl(handle, F_SETFL, O_DIRECT);
    }
    return handle;
}

void RealDisk::close(int handle) noexcept { ::close(handle); }

std::uint64_t RealDisk::size(int handle) {
    struct stat info {};
    if (::fstat(handle, &info) != 0) {
        throw DiskError(errno, "fstat");
    }
    return static_cast<std::uint64_t>(info.st_size);
}

void RealDisk::resize(int handle, std::uint64_t bytes) {
    if (retried([&] { return ::ftruncate(handle, static_cast<off_t>(bytes)); }) != 0) {
        throw DiskError(errno, "ftruncate");
    }
}

void RealDisk::allocate(int handle, std::uint64_t bytes) {
    const int code =
        retried_code([&] { return ::posix_fallocate(handle, 0, static_cast<off_t>(bytes)); });
    if (code != 0) {
        throw DiskError(code, "fallocate");
    }
}

std::size_t RealDisk::write(int handle, std::span<const std::byte> bytes, std::uint64_t at) {
    const ssize_t count = retried(
        [&] { return ::pwrite(handle, bytes.data(), bytes.size(), static_cast<off_t>(at)); });
    if (count < 0) {
        throw DiskError(errno, "pwrite");
    }
    return static_cast<std::size_t>(count);
}

std::size_t RealDisk::read(int handle, std::span<std::byte> room, std::uint64_t at) {
    std::size_t done = 0;
    while (done < room.size()) {
        const ssize_t count = retried([&] {
            return ::pread(handle, room.data() + done, room.size() - done,
                           static_cast<off_t>(at + done));
        });
        if (count < 0) {
            throw DiskError(errno, "pread");
        }
        if (count == 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    return done;
}

void RealDisk::sync(int handle) {
    // Not retried on EINTR either: after any failure the pages may be marked clean.
    if (::fdatasync(handle) != 0) {
        throw DiskError(errno, "fdatasync");
    }
}

void RealDisk::drop_cache(int handle) {
    const int code =
        retried_code([&] { return ::posix_fadvise(handle, 0, 0, POSIX_FADV_DONTNEED); });
    if (code != 0) {
        throw DiskError(code, "fadvise");
    }
}

void RealDisk::read_ahead(int handle, std::uint64_t at, std::uint64_t bytes) {
    // A hint; what it cannot do, the read does.
    (void)::posix_fadvise(handle, static_cast<off_t>(at), static_cast<off_t>(bytes),
                          POSIX_FADV_WILLNEED);
}

void RealDisk::rename(const std::string& from, const std::string& to) {
    if (::renameat(folder_, from.c_str(), folder_, to.c_str()) != 0) {
        throw DiskError(errno, from + ": rename to " + to);
    }
}

void RealDisk::remove(const std::string& name) {
    if (::unlinkat(folder_, name.c_str(), 0) != 0) {
        throw DiskError(errno, name + ": remove");
    }
}

std::vector<std::string> RealDisk::list(const std::string& folder) {
    const int handle =
        ::openat(folder_, folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (handle < 0) {
        throw DiskError(errno, folder + ": open");
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(handle), ::closedir);
    if (entries == nullptr) {
        const int code = errno;
        ::close(handle);
        throw DiskError(code, folder + ": list");
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            names.emplace_back(name);
        }
        errno = 0;
    }
    if (errno != 0) {
        throw DiskError(errno, folder + ": list");
    }
    std::sort(names.begin(), names.end());
    return names;
}

void RealDisk::sync_directory(const std::string& folder) {
    const int handle =
        ::openat(folder_, folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (handle < 0) {
        throw DiskError(errno, folder + ": open");
    }
    const int result = ::fsync(handle);
    const int code = errno;
    ::close(handle);
    if (result != 0) {
        throw DiskError(code, folder + ": fsync");
    }
}

std::uint64_t RealDisk::free_bytes() {
    struct statvfs info {};
    if (::fstatvfs(folder_, &info) != 0) {
        throw DiskError(errno, "statvfs");
    }
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace esteira::journal

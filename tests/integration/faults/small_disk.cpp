#include "tests/integration/faults/small_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace esteira::faults {

namespace {

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// As root at once; else as root of a user namespace, where there are such.
bool enter_namespace() {
    if (::unshare(CLONE_NEWNS) == 0) {
        return true;
    }
    const auto user = ::geteuid();
    const auto group = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
        return false;
    }
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
    write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
    return true;
}

}  // namespace

std::unique_ptr<SmallDisk> SmallDisk::make(std::uint64_t mib, std::string& why_not) {
    static const bool entered =
        enter_namespace() && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    std::unique_ptr<SmallDisk> disk(new SmallDisk());
    const std::string size = "size=" + std::to_string(mib) + "m";
    if (!entered || ::mount("esteira-test", disk->path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
                            size.c_str()) != 0) {
        why_not = std::string("this process may not mount: ") + std::strerror(errno);
        return nullptr;
    }
    return disk;
}

SmallDisk::~SmallDisk() { ::umount2(path().c_str(), MNT_DETACH); }

// In pieces, since the broker takes room at the same time.
void SmallDisk::fill(std::uint64_t left_bytes) {
    const int file = ::open((path() + "/filler").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    off_t size = 0;
    std::uint64_t piece = 1 << 20;
    while (piece >= 4096) {
        const auto available = std::filesystem::space(path()).available;
        if (available <= left_bytes) {
            break;
        }
        const auto bytes = static_cast<off_t>(std::min(piece, available - left_bytes));
        if (::posix_fallocate(file, size, bytes) == 0) {
            size += bytes;
        } else {
            piece /= 2;
        }
    }
    ::close(file);
}

void SmallDisk::release() { std::filesystem::remove(path() + "/filler"); }

}  // namespace esteira::faults

#include "common/lake/new_file.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

namespace esteira::lake {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

[[noreturn]] void fail(const fs::path& path) {
    throw std::system_error(errno, std::generic_category(), path.string());
}

void sync_folder(const fs::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        fail(folder);
    }
    const int result = ::fsync(fd);
    ::close(fd);
    if (result != 0) {
        fail(folder);
    }
}

}  // namespace

struct NewFile::Open {
    int fd = -1;
    std::string buffer;
    std::uint64_t bytes = 0;
    crypto_hash_sha256_state hash{};

    ~Open() {
        if (fd >= 0) {
            ::close(fd);
        }
    }
    void flush(const fs::path& path) {
        for (std::size_t done = 0; done < buffer.size();) {
            const ssize_t written = ::write(fd, buffer.data() + done, buffer.size() - done);
            if (written < 0 && errno != EINTR) {
                fail(path);
            }
            done += written > 0 ? static_cast<std::size_t>(written) : 0;
        }
        buffer.clear();
    }
};

NewFile::NewFile(fs::path path)
    : path_(std::move(path)),
      fresh_(path_.parent_path() / ("." + path_.filename().string() + ".tmp")),
      open_(std::make_unique<Open>()) {
    fs::create_directories(path_.parent_path());
    open_->fd = ::open(fresh_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (open_->fd < 0) {
        fail(fresh_);
    }
    open_->buffer.reserve(kBufferBytes);
    crypto_hash_sha256_init(&open_->hash);
}

NewFile::~NewFile() {
    if (open_ != nullptr) {
        ::unlink(fresh_.c_str());
    }
}

void NewFile::write(std::string_view bytes) {
    crypto_hash_sha256_update(&open_->hash, reinterpret_cast<const unsigned char*>(bytes.data()),
                              bytes.size());
    open_->bytes += bytes.size();
    open_->buffer += bytes;
    if (open_->buffer.size() >= kBufferBytes) {
        open_->flush(fresh_);
    }
}

std::uint64_t NewFile::bytes() const { return open_->bytes; }

std::string NewFile::publish() {
    open_->flush(fresh_);
    if (::fsync(open_->fd) != 0) {
        fail(fresh_);
    }
    // A link refuses to replace what is there, which a rename does not.
    if (::link(fresh_.c_str(), path_.c_str()) != 0) {
        fail(path_);
    }
    ::unlink(fresh_.c_str());
    sync_folder(path_.parent_path());
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256_final(&open_->hash, hash.data());
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> text{};
    sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
    open_.reset();
    return text.data();
}

}  // namespace esteira::lake

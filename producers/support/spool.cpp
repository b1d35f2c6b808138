#include "producers/support/spool.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/bytes.hpp"
#include "common/base/crc32c.hpp"
#include "common/base/limits.hpp"

namespace esteira::producers {

namespace {

constexpr std::string_view kMagic = "ESTSPL\r\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kCheckedBytes = 44;
constexpr std::size_t kHeaderBytes = 48;
constexpr std::size_t kNameDigits = 16;

[[noreturn]] void fail(const std::filesystem::path& file) {
    throw SpoolError(file.string() + ": " + std::strerror(errno));
}

bool write_all(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

// The file, or as much of it as a batch may have and a byte more.
std::vector<std::byte> read_all(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::min<std::uint64_t>(std::filesystem::file_size(file, error),
                                              kHeaderBytes + limits::kWireFrameBytesMax + 1);
    std::ifstream in(file, std::ios::binary);
    std::vector<std::byte> bytes(error ? 0 : size);
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (error || in.bad() || !in.is_open()) {
        throw SpoolError(file.string() + ": cannot be read");
    }
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    return bytes;
}

std::optional<std::uint64_t> sequence_of(const std::string& name) {
    std::uint64_t sequence = 0;
    const char* end = name.data() + std::min(name.size(), kNameDigits);
    const auto [rest, error] = std::from_chars(name.data(), end, sequence, 16);
    if (name.size() <= kNameDigits || name[kNameDigits] != '.' || error != std::errc{} ||
        rest != end) {
        return std::nullopt;
    }
    return sequence;
}

std::array<std::byte, kHeaderBytes> header_of(const Spool::Batch& batch) {
    std::array<std::byte, kHeaderBytes> header{};
    ByteWriter writer(header);
    writer.put_bytes(as_bytes(kMagic));
    writer.put(kVersion);
    writer.put(batch.entries);
    writer.put_bytes(batch.session);
    writer.put(batch.number);
    writer.put(static_cast<std::uint32_t>(batch.frame.size()));
    writer.put(crc32c(batch.frame, crc32c(std::span(header).first(kCheckedBytes))));
    return header;
}

// What is wrong with the bytes, or nothing.
std::string_view parse(std::span<const std::byte> bytes, Spool::Batch& batch) {
    ByteReader reader(bytes);
    if (reader.get_text(kMagic.size()) != kMagic) {
        return bytes.size() < kMagic.size() ? "it was cut off" : "it is no batch";
    }
    if (reader.get<std::uint32_t>() != kVersion) {
        return "it is of another version";
    }
    batch.entries = reader.get<std::uint32_t>();
    const auto session = reader.get_bytes(batch.session.size());
    batch.number = reader.get<std::uint64_t>();
    const auto size = reader.get<std::uint32_t>();
    const auto crc = reader.get<std::uint32_t>();
    const auto frame = reader.get_bytes(size);
    if (!reader.ok()) {
        return "it was cut off";
    }
    if (!reader.at_end() || crc32c(frame, crc32c(bytes.first(kCheckedBytes))) != crc) {
        return "its checksum is wrong";
    }
    std::copy(session.begin(), session.end(), batch.session.begin());
    batch.frame.assign(frame.begin(), frame.end());
    return {};
}

}  // namespace

Spool::Descriptor::~Descriptor() {
    if (fd >= 0) {
        ::close(fd);
    }
}

Spool::Spool(std::filesystem::path folder, std::uint64_t bytes_max)
    : folder_(std::move(folder)), bytes_max_(bytes_max) {
    std::error_code error;
    std::filesystem::create_directories(folder_.parent_path(), error);
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) {
        fail(folder_);
    }
    directory_.fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const auto lock = folder_ / "lock";
    lock_.fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (directory_.fd < 0 || lock_.fd < 0) {
        fail(directory_.fd < 0 ? folder_ : lock);
    }
    if (::flock(lock_.fd, LOCK_EX | LOCK_NB) != 0) {
        throw SpoolError(folder_.string() + ": another process uses it");
    }
    look_around();
}

void Spool::look_around() {
    std::vector<std::uint64_t> cut;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
        const std::string name = entry.path().filename().string();
        const auto sequence = sequence_of(name);
        if (!sequence) {
            continue;
        }
        next_sequence_ = std::max(next_sequence_, *sequence + 1);
        if (name.ends_with(".batch")) {
            found_.push_back(*sequence);
            bytes_ += entry.file_size();
        } else if (name.ends_with(".tmp")) {
            cut.push_back(*sequence);
        }
    }
    std::sort(found_.begin(), found_.end());
    for (const std::uint64_t sequence : cut) {
        const auto aside = path_of(sequence, "tmp.damaged");
        std::filesystem::rename(path_of(sequence, "tmp"), aside);
        unfinished_.push_back(aside.string());
    }
}

std::filesystem::path Spool::path_of(std::uint64_t sequence, const char* kind) const {
    std::array<char, kNameDigits + 1> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx",
                  static_cast<unsigned long long>(sequence));
    return folder_ / (std::string(digits.data()) + "." + kind);
}

void Spool::write(std::uint64_t sequence, const Batch& batch) {
    const auto fresh = path_of(sequence, "tmp");
    {
        const Descriptor out{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        if (out.fd < 0 || !write_all(out.fd, header_of(batch)) || !write_all(out.fd, batch.frame) ||
            ::fsync(out.fd) != 0) {
            const int error = errno;
            ::unlink(fresh.c_str());
            errno = error;
            fail(fresh);
        }
    }
    if (::rename(fresh.c_str(), path_of(sequence).c_str()) != 0) {
        fail(fresh);
    }
    sync();
}

std::optional<std::uint64_t> Spool::put(const Batch& batch) {
    const std::uint64_t size = kHeaderBytes + batch.frame.size();
    if (bytes_ + size > bytes_max_) {
        return std::nullopt;
    }
    const std::uint64_t sequence = next_sequence_++;
    write(sequence, batch);
    bytes_ += size;
    return sequence;
}

void Spool::replace(std::uint64_t sequence, const Batch& batch) {
    const std::uint64_t before = size_of(sequence);
    write(sequence, batch);
    bytes_ += kHeaderBytes + batch.frame.size();
    bytes_ -= std::min(bytes_, before);
}

Result<Spool::Batch, std::string> Spool::read(std::uint64_t sequence) {
    Batch batch;
    const std::string_view fault = parse(read_all(path_of(sequence)), batch);
    if (fault.empty()) {
        return batch;
    }
    return set_aside(sequence, "damaged") + ": " + std::string(fault);
}

std::uint64_t Spool::size_of(std::uint64_t sequence) const {
    std::error_code error;
    const auto size = std::filesystem::file_size(path_of(sequence), error);
    return error ? 0 : size;
}

std::string Spool::set_aside(std::uint64_t sequence, const char* kind) {
    bytes_ -= std::min(bytes_, size_of(sequence));
    const auto aside = path_of(sequence, kind);
    if (::rename(path_of(sequence).c_str(), aside.c_str()) != 0) {
        fail(path_of(sequence));
    }
    return aside.string();
}

std::string Spool::set_aside_refused(std::uint64_t sequence) {
    return set_aside(sequence, "refused");
}

void Spool::remove(std::uint64_t sequence) {
    bytes_ -= std::min(bytes_, size_of(sequence));
    if (::unlink(path_of(sequence).c_str()) != 0) {
        fail(path_of(sequence));
    }
}

void Spool::sync() {
    if (::fsync(directory_.fd) != 0) {
        fail(folder_);
    }
}

}  // namespace esteira::producers

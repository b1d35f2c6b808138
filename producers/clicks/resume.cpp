#include "producers/clicks/resume.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace esteira::clicks {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kHashedBytes = 64 << 10;
constexpr int kVersion = 1;

struct Descriptor {
    int fd = -1;
    ~Descriptor() {
        if (fd >= 0) {
            ::close(fd);
        }
    }
};

[[noreturn]] void fail(const std::string& path) {
    throw std::runtime_error(path + ": " + std::strerror(errno));
}

void write_synced(const std::string& path, const std::string& text) {
    const Descriptor out{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (out.fd < 0) {
        fail(path);
    }
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t written = ::write(out.fd, text.data() + done, text.size() - done);
        if (written < 0 && errno != EINTR) {
            fail(path);
        }
        done += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
    if (::fsync(out.fd) != 0) {
        fail(path);
    }
}

}  // namespace

Result<InputIdentity, std::string> identify(const std::string& path) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(path, failed);
    if (failed) {
        return path + ": " + failed.message();
    }
    std::ifstream file(path, std::ios::binary);
    std::array<char, kHashedBytes> beginning{};
    file.read(beginning.data(), beginning.size());
    if (file.bad() || !file.is_open()) {
        return path + ": cannot be read";
    }
    return InputIdentity{bytes,
                         XXH3_64bits(beginning.data(), static_cast<std::size_t>(file.gcount()))};
}

Result<std::optional<Place>, std::string> ResumeFile::load() const {
    std::ifstream file(path_, std::ios::binary);
    if (!file.is_open()) {
        if (!std::filesystem::exists(path_)) {
            return std::optional<Place>();
        }
        return path_ + ": cannot be read";
    }
    const Json state = Json::parse(file, nullptr, false);
    try {
        if (state.at("version") != kVersion) {
            return path_ + ": it is of another version";
        }
        const Json& input = state.at("input");
        if (InputIdentity{input.at("bytes"), input.at("hash")} != input_) {
            return path_ + ": it tells how far another file was sent; take another --resume, or " +
                   "remove it to begin anew";
        }
        const std::string queue = state.at("queue");
        if (queue != queue_) {
            return path_ + ": it tells how far the file was sent to " + queue + ", not to " +
                   queue_;
        }
        return std::optional(Place{state.at("offset"), state.at("lines")});
    } catch (const Json::exception&) {
        return path_ + ": it is no file of --resume";
    }
}

void ResumeFile::save(Place place) const {
    const Json state{{"version", kVersion},
                     {"input", {{"bytes", input_.bytes}, {"hash", input_.hash}}},
                     {"queue", queue_},
                     {"offset", place.offset},
                     {"lines", place.lines}};
    const std::string fresh = path_ + ".tmp";
    write_synced(fresh, state.dump() + "\n");
    if (::rename(fresh.c_str(), path_.c_str()) != 0) {
        fail(path_);
    }
    const auto folder = std::filesystem::absolute(path_).parent_path();
    const Descriptor directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.fd < 0 || ::fsync(directory.fd) != 0) {
        fail(folder.string());
    }
}

void Acknowledged::sent(std::uint64_t tag, std::size_t entries, Place place) {
    batches_.push_back({tag, entries, false, place});
}

void Acknowledged::answered(std::uint64_t tag, std::size_t entries, bool taken) {
    for (Batch& batch : batches_) {
        if (batch.tag == tag) {
            batch.untold -= std::min(entries, batch.untold);
            batch.refused = batch.refused || !taken;
        }
    }
    while (!batches_.empty() && batches_.front().untold == 0 && !batches_.front().refused) {
        place_ = batches_.front().place;
        batches_.pop_front();
    }
}

}  // namespace esteira::clicks

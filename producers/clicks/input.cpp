#include "producers/clicks/input.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "common/cli/app.hpp"

namespace esteira::clicks {

namespace {

constexpr std::size_t kRoomBytes = 256 << 10;
constexpr std::size_t kMagicBytes = 4;
constexpr int kIdleMillis = 100;

bool may_read(int fd) {
    pollfd item{fd, POLLIN, 0};
    return ::poll(&item, 1, kIdleMillis) > 0;
}

}  // namespace

Input::Input(const std::string& path, Idle idle)
    : name_(path == "-" ? "stdin" : path), idle_(std::move(idle)) {
    own_ = path != "-";
    fd_ = own_ ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (fd_ < 0) {
        throw cli::Failure(cli::ExitCode::not_found, path + ": " + std::strerror(errno));
    }
}

Input::~Input() {
    if (own_) {
        ::close(fd_);
    }
}

// Appends what is there to what is left, not what would fill the room: a pipe is not held back.
bool Input::fill() {
    while (idle_ && !may_read(fd_)) {
        idle_();
    }
    const std::string left(packed_.begin(), packed_.end());
    raw_.resize(left.size() + kRoomBytes);
    std::copy(left.begin(), left.end(), raw_.begin());
    ssize_t got = -1;
    do {
        got = ::read(fd_, raw_.data() + left.size(), kRoomBytes);
        if (got < 0 && errno == EINTR && idle_) {
            idle_();
        }
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        throw InputError(name_ + ": " + std::strerror(errno));
    }
    packed_ = std::span(raw_).first(left.size() + static_cast<std::size_t>(got));
    return got > 0;
}

std::size_t Input::read(std::span<char> room) {
    if (!looked_) {
        while (packed_.size() < kMagicBytes && fill()) {
        }
        unpacker_ = unpacker_for(packed_);
        looked_ = true;
    }
    if (!unpacker_) {
        if (packed_.empty() && !fill()) {
            return 0;
        }
        const std::size_t size = std::min(room.size(), packed_.size());
        std::copy_n(packed_.begin(), size, room.begin());
        packed_ = packed_.subspan(size);
        return size;
    }
    while (true) {
        const std::size_t size = unpacker_->unpack(packed_, room);
        if (size > 0) {
            return size;
        }
        if (!fill()) {
            if (!unpacker_->complete()) {
                throw InputError(name_ + ": the packed data is cut off");
            }
            return 0;
        }
    }
}

}  // namespace esteira::clicks

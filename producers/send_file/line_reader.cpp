#include "producers/send_file/line_reader.hpp"

#include <algorithm>

#include <poll.h>
#include <unistd.h>

namespace esteira::send_file {

namespace {
constexpr std::size_t kRoomBytes = 64 << 10;
constexpr int kIdleMillis = 100;

bool may_read(int fd) {
    pollfd item{fd, POLLIN, 0};
    return ::poll(&item, 1, kIdleMillis) != 0;
}
}  // namespace

// What is there, not what would fill the room: lines from a pipe are not held back.
bool LineReader::fill() {
    while (idle_ && !may_read(fd_) && idle_()) {
    }
    room_.resize(kRoomBytes);
    const ssize_t got = ::read(fd_, room_.data(), room_.size());
    room_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    at_ = 0;
    failed_ = got < 0;
    return got > 0;
}

std::optional<LineReader::Line> LineReader::next() {
    line_.clear();
    bool too_long = false;
    bool any = false;
    while (at_ < room_.size() || fill()) {
        any = true;
        const std::size_t end = room_.find('\n', at_);
        const std::size_t upto = std::min(end, room_.size());
        const std::size_t fits = std::min(upto - at_, bytes_max_ + 1 - line_.size());
        line_.append(room_, at_, fits);
        too_long = too_long || fits < upto - at_;
        at_ = upto;
        if (end != std::string::npos) {
            ++at_;
            break;
        }
    }
    if (!any) {
        return std::nullopt;
    }
    if (!line_.empty() && line_.back() == '\r' && !too_long) {
        line_.pop_back();
    }
    return Line{line_, too_long || line_.size() > bytes_max_, ++number_};
}

}  // namespace esteira::send_file

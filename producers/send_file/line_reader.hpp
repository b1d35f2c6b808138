#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace esteira::send_file {

// Lines of a file of any size in bounded memory. Ends of lines are \n or \r\n and are not part of
// them; a last line without an end is one.
class LineReader {
public:
    // False: there is nothing to do, so waiting for input may take as long as it takes.
    using Idle = std::function<bool()>;

    // `bytes_max`: what is longer is told as such and skipped, whatever its length. `idle` is
    // called whenever no input has come for a while.
    LineReader(int fd, std::size_t bytes_max, Idle idle = {})
        : fd_(fd), bytes_max_(bytes_max), idle_(std::move(idle)) {}

    struct Line {
        std::string_view text;  // Valid until the next call; cut if `too_long`.
        bool too_long = false;
        std::uint64_t number = 0;  // From 1.
    };
    // Nothing at the end, or when reading failed.
    std::optional<Line> next();
    bool failed() const { return failed_; }  // errno says why; EINTR: a signal came.

private:
    bool fill();

    int fd_;
    std::size_t bytes_max_;
    Idle idle_;
    std::string room_;
    std::size_t at_ = 0;
    std::string line_;
    std::uint64_t number_ = 0;
    bool failed_ = false;
};

}  // namespace esteira::send_file

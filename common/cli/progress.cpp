#include "common/cli/progress.hpp"

#include <algorithm>

#include <unistd.h>

#include "common/cli/format.hpp"

namespace esteira::cli {

namespace {

constexpr std::size_t kBarWidth = 24;

std::chrono::steady_clock::duration pause_of(Progress::Mode mode) {
    if (mode == Progress::Mode::bar) {
        return std::chrono::milliseconds(100);
    }
    return std::chrono::seconds(5);
}

}  // namespace

Progress::Progress(std::string label, std::uint64_t total, std::string unit, Mode mode,
                   std::FILE* to)
    : label_(std::move(label)),
      total_(total),
      unit_(std::move(unit)),
      mode_(mode),
      to_(to),
      started_(std::chrono::steady_clock::now()),
      written_(started_) {}

Progress::~Progress() { finish(); }

Progress::Mode Progress::mode_for(const Common& common) {
    if (common.json || common.quiet) {
        return Mode::silent;
    }
    return isatty(STDERR_FILENO) == 1 ? Mode::bar : Mode::lines;
}

void Progress::update(std::uint64_t done, Instant now) {
    done_ = done;
    if (mode_ == Mode::silent || finished_ || now - written_ < pause_of(mode_)) {
        return;
    }
    written_ = now;
    wrote_ = true;
    write(mode_ == Mode::bar ? "\r\x1b[K" + line(now) : line(now) + "\n");
}

void Progress::finish() {
    if (finished_) {
        return;
    }
    finished_ = true;
    if (mode_ == Mode::silent) {
        return;
    }
    const std::string last = line(std::chrono::steady_clock::now()) + "\n";
    write(mode_ == Mode::bar && wrote_ ? "\r\x1b[K" + last : last);
}

std::string Progress::line(Instant now) const {
    const double seconds = std::chrono::duration<double>(now - started_).count();
    const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
    std::string out = label_ + "  ";
    if (total_ > 0) {
        const double part = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
        if (mode_ == Mode::bar) {
            const auto full = static_cast<std::size_t>(part * static_cast<double>(kBarWidth));
            out += "[" + std::string(full, '#') + std::string(kBarWidth - full, '.') + "] ";
        }
        out += std::to_string(static_cast<int>(part * 100)) + "%  ";
    }
    out += human_count(done_);
    if (total_ > 0) {
        out += " of " + human_count(total_);
    }
    out += " " + unit_ + ", " + human_count(static_cast<std::uint64_t>(rate)) + "/s";
    if (!finished_ && total_ > done_ && rate > 0) {
        const double left = static_cast<double>(total_ - done_) / rate * 1000;
        out += ", " + human_duration(Millis{static_cast<Millis::rep>(left)}) + " left";
    }
    return out;
}

void Progress::write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), to_);
    std::fflush(to_);
}

}  // namespace esteira::cli

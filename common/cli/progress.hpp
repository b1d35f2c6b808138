#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "common/cli/app.hpp"

namespace esteira::cli {

// How far long work is, on stderr: a bar on a terminal, a plain line every five seconds in a pipe,
// nothing with --json or --quiet.
class Progress {
public:
    enum class Mode { bar, lines, silent };
    using Instant = std::chrono::steady_clock::time_point;

    // `total` 0: unknown. `unit` is what is counted: "messages".
    Progress(std::string label, std::uint64_t total, std::string unit, Mode mode,
             std::FILE* to = stderr);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // What suits this process.
    static Mode mode_for(const Common& common);

    // Cheap enough to be called for every batch: writes only when it is time to.
    void update(std::uint64_t done) { update(done, std::chrono::steady_clock::now()); }
    void update(std::uint64_t done, Instant now);

    // The last line; also called by the destructor. A bar's line is closed, a pipe gets the total.
    void finish();

private:
    std::string line(Instant now) const;
    void write(const std::string& text);

    std::string label_;
    std::uint64_t total_;
    std::string unit_;
    Mode mode_;
    std::FILE* to_;
    std::uint64_t done_ = 0;
    Instant started_;
    Instant written_;
    bool wrote_ = false;
    bool finished_ = false;
};

}  // namespace esteira::cli

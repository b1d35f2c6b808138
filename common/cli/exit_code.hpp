#pragma once

namespace esteira::cli {

// What a program says when it ends. Scripts rely on these numbers, so none of them ever changes.
enum class ExitCode : int {
    ok = 0,
    error = 1,
    usage = 2,
    not_found = 3,
    conflict = 4,     // The state of the other side does not allow it.
    unreachable = 5,  // The broker does not answer at its endpoint.
    timeout = 6,
    partial = 7,           // Some entries of a batch failed, others are done.
    data_quality = 8,      // A check of the data itself failed.
    configuration = 78,    // Daemons: a restart would not help, a person must look.
    journal_damaged = 79,  // The broker: likewise, and nothing was touched.
    interrupted = 130,
};

constexpr int number(ExitCode code) { return static_cast<int>(code); }

}  // namespace esteira::cli

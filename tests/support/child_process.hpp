#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

// One program that a test runs beside itself. It ends with this object, and with the test.
namespace esteira::support {

struct ChildOptions {
    std::vector<std::string> words;          // The program's path and its arguments.
    std::vector<std::string> environment{};  // "NAME=value", over the test's own.
    std::filesystem::path log{};             // Where stdout and stderr are appended.
};

class ChildProcess {
public:
    explicit ChildProcess(ChildOptions options);
    ~ChildProcess();  // SIGKILL, if it still runs.
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number);
    bool runs();
    // How it ended: its exit code, or 128 and the signal's number as a shell says it. Nothing when
    // it still runs after `most`.
    std::optional<int> wait(std::chrono::seconds most = std::chrono::seconds(60));
    // What it has said so far.
    std::string said() const;

private:
    std::filesystem::path log_;
    pid_t pid_ = -1;
    std::optional<int> ended_;
};

}  // namespace esteira::support

#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "workers/supervisor/hand.hpp"

namespace esteira::supervisor {

// A descriptor that closes itself.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd();
    Fd(Fd&& other) noexcept;
    Fd& operator=(Fd&& other) noexcept;
    int get() const { return fd_; }
    bool good() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

// Opens and locks `file` for this process, and those that inherit it. Not good: somebody has it.
Fd lock_file(const std::filesystem::path& file);
// Writes the mark of a process into the file, for people and for the next supervisor.
void write_mark(const Fd& file, pid_t pid);

// How the processes of one kind, the workers of a pool for one, are started.
struct Launch {
    std::string program;
    std::vector<std::string> arguments;
    bool takes_name = true;                // `--name` and its name come behind the arguments.
    std::vector<std::string> environment;  // "NAME=value": all of it.
};

// The real processes of one var folder.
//
// Each worker holds the lock of its pid file for as long as it lives: it inherits it. So one name
// never has two processes, whatever becomes of this one. When this process dies, however, the
// kernel asks the workers to stop (PR_SET_PDEATHSIG), and they finish what they have begun; the
// next supervisor finds the locks of those that are still at it, and waits.
class Processes final : public Hand {
public:
    // `run` for pid files, `log` for what workers say. To be used by one thread, which is the one
    // that workers belong to.
    Processes(std::filesystem::path run, std::filesystem::path log,
              std::map<std::string, Launch> launches);

    Start start(const std::string& kind, const std::string& name) override;
    void signal(pid_t pid, int number) override;
    void forget(const std::string& name) override;

    struct Ended {
        pid_t pid = 0;
        int status = 0;
    };
    std::vector<Ended> reap();

    // Looks for workers of an earlier supervisor, once. They were asked to stop by its death; those
    // still there at `kill_at` are killed by end_leftovers().
    void find_leftovers(Time kill_at);
    // Drops those that have ended, kills those that are late.
    void end_leftovers(Time now);
    // To be waited for: each can be read when one of them has ended.
    std::vector<int> leftover_fds() const;
    // Time::max(): there are none.
    Time leftovers_due() const;

private:
    struct Leftover {
        std::string name;
        pid_t pid = 0;
        Fd watched;
        Time kill_at{};
    };

    std::filesystem::path file_of(const std::string& name) const { return run_ / (name + ".pid"); }

    std::filesystem::path run_;
    std::filesystem::path log_;
    std::map<std::string, Launch> launches_;
    std::vector<Leftover> leftovers_;
};

}  // namespace esteira::supervisor

#include "workers/supervisor/processes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <regex>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/logging/logging.hpp"
#include "workers/supervisor/process_mark.hpp"

namespace esteira::supervisor {

namespace fs = std::filesystem;

namespace {

constexpr int kNotStarted = 125;
constexpr int kNoProgram = 127;

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> all;
    all.reserve(words.size() + 1);
    for (std::string& word : words) {
        all.push_back(word.data());
    }
    all.push_back(nullptr);
    return all;
}

std::string reason() { return std::strerror(errno); }

// What the new process needs, made before it is: there are other threads, so that between fork and
// exec nothing may be allocated.
struct Child {
    const char* program;
    char* const* words;
    char* const* environment;
    int nothing;  // stdin
    int log;      // stdout and stderr
    int lock;     // Kept over the exec.
    int go;       // Gives a byte when the pid file is written, and ends when the parent dies.
    pid_t parent;
};

[[noreturn]] void become_worker(const Child& child) {
    setsid();  // What a terminal sends to us is ours to pass on.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    char byte = 0;
    // A parent that died before the line above is seen by both.
    if (getppid() != child.parent || read(child.go, &byte, 1) != 1) {
        _exit(kNotStarted);
    }
    dup2(child.nothing, STDIN_FILENO);
    dup2(child.log, STDOUT_FILENO);
    dup2(child.log, STDERR_FILENO);
    fcntl(child.lock, F_SETFD, 0);
    std::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(child.program, child.words, child.environment);
    _exit(kNoProgram);
}

bool has_ended(int pidfd) {
    pollfd item{pidfd, POLLIN, 0};
    return poll(&item, 1, 0) > 0;
}

}  // namespace

Fd::~Fd() {
    if (fd_ >= 0) {
        close(fd_);
    }
}
Fd::Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
Fd& Fd::operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Fd lock_file(const fs::path& file) {
    Fd opened(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!opened.good()) {
        throw fs::filesystem_error("cannot be opened", file,
                                   std::error_code(errno, std::generic_category()));
    }
    return flock(opened.get(), LOCK_EX | LOCK_NB) == 0 ? std::move(opened) : Fd();
}

void write_mark(const Fd& file, pid_t pid) {
    const std::string mark = mark_of(pid).value_or("") + "\n";
    if (ftruncate(file.get(), 0) != 0 ||
        pwrite(file.get(), mark.data(), mark.size(), 0) != static_cast<ssize_t>(mark.size())) {
        logging::error("mark_not_written", {{"pid", pid}, {"reason", reason()}});
    }
}

Processes::Processes(fs::path run, fs::path log, std::map<std::string, Launch> launches)
    : run_(std::move(run)), log_(std::move(log)), launches_(std::move(launches)) {}

Start Processes::start(const std::string& kind, const std::string& name) {
    Launch& launch = launches_.at(kind);
    if (access(launch.program.c_str(), X_OK) != 0) {
        return {Start::Result::refused, 0, launch.program + ": " + reason()};
    }
    const Fd lock = lock_file(file_of(name));
    if (!lock.good()) {
        return {Start::Result::held, 0, ""};
    }
    const Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Fd log(open((log_ / (name + ".log")).c_str(),
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    std::array<int, 2> pipe_ends{-1, -1};
    if (!nothing.good() || !log.good() || pipe2(pipe_ends.data(), O_CLOEXEC) != 0) {
        return {Start::Result::refused, 0, reason()};
    }
    const Fd wait_end(pipe_ends[0]);
    const Fd go_end(pipe_ends[1]);
    std::vector<std::string> words{launch.program};
    words.insert(words.end(), launch.arguments.begin(), launch.arguments.end());
    if (launch.takes_name) {
        words.insert(words.end(), {"--name", name});
    }
    const auto word_pointers = pointers(words);
    const auto environment = pointers(launch.environment);
    const Child child{launch.program.c_str(),
                      word_pointers.data(),
                      environment.data(),
                      nothing.get(),
                      log.get(),
                      lock.get(),
                      wait_end.get(),
                      getpid()};
    const pid_t pid = fork();
    if (pid < 0) {
        return {Start::Result::refused, 0, reason()};
    }
    if (pid == 0) {
        close(go_end.get());  // Else it would wait for itself.
        become_worker(child);
    }
    write_mark(lock, pid);
    if (write(go_end.get(), "g", 1) != 1) {
        logging::error("worker_not_let_go", {{"name", name}, {"reason", reason()}});
    }
    return {Start::Result::started, pid, ""};
}

void Processes::signal(pid_t pid, int number) { ::kill(pid, number); }

void Processes::forget(const std::string& name) {
    // Not what somebody holds: a new file under this name would be another lock.
    if (fs::exists(file_of(name)) && lock_file(file_of(name)).good()) {
        fs::remove(file_of(name));
    }
}

std::vector<Processes::Ended> Processes::reap() {
    std::vector<Ended> all;
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        all.push_back({pid, status});
    }
    return all;
}

void Processes::find_leftovers(Time kill_at) {
    static const std::regex kName("([a-z0-9-]+-[0-9]+)\\.pid");
    for (const auto& entry : fs::directory_iterator(run_)) {
        const std::string file = entry.path().filename();
        std::smatch match;
        if (!std::regex_match(file, match, kName)) {
            continue;
        }
        if (lock_file(entry.path()).good()) {
            fs::remove(entry.path());
            continue;
        }
        const std::string mark = mark_in(entry.path());
        const pid_t pid = pid_of(mark).value_or(0);
        Fd watched(pid > 0 ? static_cast<int>(syscall(SYS_pidfd_open, pid, 0)) : -1);
        // The descriptor stays this process's, whoever has its number later.
        if (!watched.good() || mark_of(pid) != mark) {
            logging::warning("unknown_holder", {{"file", entry.path().string()}});
            continue;
        }
        logging::warning("leftover_found", {{"name", match[1].str()}, {"pid", pid}});
        leftovers_.push_back({match[1], pid, std::move(watched), kill_at});
    }
}

void Processes::end_leftovers(Time now) {
    for (auto at = leftovers_.begin(); at != leftovers_.end();) {
        if (has_ended(at->watched.get())) {
            logging::info("leftover_ended", {{"name", at->name}, {"pid", at->pid}});
            forget(at->name);
            at = leftovers_.erase(at);
            continue;
        }
        if (now >= at->kill_at) {
            logging::warning("leftover_killed", {{"name", at->name}, {"pid", at->pid}});
            syscall(SYS_pidfd_send_signal, at->watched.get(), SIGKILL, nullptr, 0);
            at->kill_at = Time::max();
        }
        ++at;
    }
}

std::vector<int> Processes::leftover_fds() const {
    std::vector<int> fds;
    for (const Leftover& leftover : leftovers_) {
        fds.push_back(leftover.watched.get());
    }
    return fds;
}

Time Processes::leftovers_due() const {
    Time due = Time::max();
    for (const Leftover& leftover : leftovers_) {
        due = std::min(due, leftover.kill_at);
    }
    return due;
}

}  // namespace esteira::supervisor

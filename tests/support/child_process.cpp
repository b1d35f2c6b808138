#include "tests/support/child_process.hpp"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace esteira::support {
namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> all;
    for (std::string& word : words) {
        all.push_back(word.data());
    }
    all.push_back(nullptr);
    return all;
}

std::string name_of(const std::string& assignment) {
    return assignment.substr(0, assignment.find('=') + 1);
}

// Ours, and behind it the test's own where ours says nothing.
std::vector<std::string> over_own_environment(std::vector<std::string> ours) {
    const std::size_t set = ours.size();
    for (char** one = environ; *one != nullptr; ++one) {
        const std::string assignment = *one;
        bool replaced = false;
        for (std::size_t i = 0; i < set; ++i) {
            replaced |= name_of(ours[i]) == name_of(assignment);
        }
        if (!replaced) {
            ours.push_back(assignment);
        }
    }
    return ours;
}

int shell_code(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ChildProcess::ChildProcess(ChildOptions options) : log_(options.log) {
    std::vector<std::string> environment = over_own_environment(std::move(options.environment));
    const auto words = pointers(options.words);
    const auto assignments = pointers(environment);
    const std::string log = log_.empty() ? "/dev/null" : log_.string();
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) {
        throw std::runtime_error("fork failed");
    }
    if (pid_ > 0) {
        return;
    }
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    setsid();  // A Ctrl-C at the test's terminal is the test's.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (getppid() != parent) {
        _exit(125);
    }
    execve(words[0], words.data(), assignments.data());
    _exit(127);
}

ChildProcess::~ChildProcess() {
    if (!ended_) {
        signal(SIGKILL);
        wait();
    }
}

void ChildProcess::signal(int number) {
    if (runs()) {
        ::kill(pid_, number);
    }
}

bool ChildProcess::runs() { return !wait(std::chrono::seconds(0)); }

std::optional<int> ChildProcess::wait(std::chrono::seconds most) {
    if (ended_) {
        return ended_;
    }
    const auto watched = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    pollfd item{watched, POLLIN, 0};
    const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(most);
    while (poll(&item, 1, static_cast<int>(timeout.count())) < 0 && errno == EINTR) {
    }
    close(watched);
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
        ended_ = shell_code(status);
    }
    return ended_;
}

std::string ChildProcess::said() const {
    std::ostringstream text;
    text << std::ifstream(log_).rdbuf();
    return text.str();
}

}  // namespace esteira::support

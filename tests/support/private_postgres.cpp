#include "tests/support/private_postgres.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace esteira::support {
namespace {

namespace fs = std::filesystem;

const fs::path kPrograms = "/usr/lib/postgresql/15/bin";

// Forks, becomes the user that PostgreSQL accepts, and runs the program with its talk in `log`. The
// program is told (SIGINT: fast shutdown) when this thread's process ends.
pid_t spawn(std::vector<std::string> words, const fs::path& log) {
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const passwd* user = geteuid() == 0 ? getpwnam("postgres") : nullptr;
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child != 0) {
        return child;
    }
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    setsid();  // A Ctrl-C at the test's terminal is the test's, and kill() has a group to address.
    if (user != nullptr &&
        (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
        _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGINT);
    if (getppid() != parent) {
        _exit(125);
    }
    execv(arguments[0], arguments.data());
    _exit(127);
}

int reap(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

std::string content(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

// PostgreSQL gives every backend a session of its own, so groups do not reach them.
std::vector<pid_t> children_of(pid_t parent) {
    const auto task = std::to_string(parent);
    std::ifstream list("/proc/" + task + "/task/" + task + "/children");
    std::vector<pid_t> children;
    for (pid_t child = 0; list >> child;) {
        children.push_back(child);
    }
    return children;
}

}  // namespace

PrivatePostgres::PrivatePostgres() {
    std::string name = (fs::temp_directory_path() / "esteira-pg-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no temporary folder");
    }
    folder_ = name;
    if (geteuid() == 0) {
        const passwd* user = getpwnam("postgres");
        if (user == nullptr || chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error("PostgreSQL refuses root, and there is no user 'postgres'");
        }
    }
    const fs::path log = folder_ / "initdb.log";
    const pid_t initdb = spawn({kPrograms / "initdb", "-D", folder_ / "data", "-U", "postgres",
                                "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"},
                               log);
    if (reap(initdb) != 0) {
        throw std::runtime_error("initdb failed: " + content(log));
    }
    start();
}

PrivatePostgres::~PrivatePostgres() {
    stop();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

std::string PrivatePostgres::url(const std::string& user, const std::string& database) const {
    return "host=" + folder_.string() + " user=" + user + " dbname=" + database;
}

void PrivatePostgres::start() {
    const fs::path log = folder_ / "server.log";
    server_ = spawn({kPrograms / "postgres", "-D", folder_ / "data", "-c",
                     "listen_addresses=", "-c", "unix_socket_directories=" + folder_.string(), "-c",
                     "shared_buffers=32MB", "-c", "max_connections=40"},
                    log);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (PQping(url().c_str()) != PQPING_OK) {
        if (waitpid(server_, nullptr, WNOHANG) == server_ ||
            std::chrono::steady_clock::now() > until) {
            throw std::runtime_error("PostgreSQL did not start: " + content(log));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

void PrivatePostgres::stop() {
    if (server_ < 0) {
        return;
    }
    freeze(false);
    ::kill(server_, SIGINT);
    reap(server_);
    server_ = -1;
}

void PrivatePostgres::kill() {
    freeze(true);  // So that nobody forks or tidies up while the others die.
    const auto children = children_of(server_);
    ::kill(server_, SIGKILL);
    for (const pid_t child : children) {
        ::kill(child, SIGKILL);
    }
    reap(server_);
    server_ = -1;
}

void PrivatePostgres::freeze(bool frozen) {
    const int signal = frozen ? SIGSTOP : SIGCONT;
    if (frozen) {
        ::kill(server_, signal);
    }
    for (const pid_t child : children_of(server_)) {
        ::kill(child, signal);
    }
    if (!frozen) {
        ::kill(server_, signal);
    }
}

}  // namespace esteira::support

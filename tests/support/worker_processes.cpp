#include "tests/support/worker_processes.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace esteira::support {

namespace fs = std::filesystem;

namespace {

// Empty for a process that ends while it is looked at.
std::string content(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

}  // namespace

std::set<pid_t> workers_of(const std::string& var) {
    const std::string wanted = "ESTEIRA_VAR=" + var;
    std::set<pid_t> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos ||
            content(entry.path() / "comm").rfind("esteira-worker", 0) != 0) {
            continue;
        }
        const std::string environment = '\0' + content(entry.path() / "environ");
        if (environment.find('\0' + wanted + '\0') != std::string::npos) {
            found.insert(std::stoi(name));
        }
    }
    return found;
}

}  // namespace esteira::support

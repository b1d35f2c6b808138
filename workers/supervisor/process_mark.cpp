#include "workers/supervisor/process_mark.hpp"

#include <charconv>
#include <fstream>
#include <sstream>
#include <vector>

namespace esteira::supervisor {

namespace {

std::string first_line(const std::string& file) {
    std::string line;
    std::ifstream in(file);
    std::getline(in, line);
    return line;
}

}  // namespace

std::optional<std::string> mark_of(pid_t pid) {
    const std::string stat = first_line("/proc/" + std::to_string(pid) + "/stat");
    // The name may hold spaces and brackets; what follows its last bracket does not.
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    constexpr std::size_t kStartTime = 19;  // Counted from the state, which follows the name.
    std::istringstream rest(stat.substr(name_end + 1));
    std::vector<std::string> fields;
    for (std::string field; fields.size() <= kStartTime && rest >> field;) {
        fields.push_back(field);
    }
    if (fields.size() <= kStartTime || fields[0] == "Z" || fields[0] == "X") {
        return std::nullopt;
    }
    return std::to_string(pid) + " " + fields[kStartTime] + " " +
           first_line("/proc/sys/kernel/random/boot_id");
}

std::string mark_in(const std::string& file) { return first_line(file); }

std::optional<pid_t> pid_of(const std::string& mark) {
    pid_t pid = 0;
    const auto [rest, error] = std::from_chars(mark.data(), mark.data() + mark.size(), pid);
    if (error != std::errc{} || *rest != ' ' || pid <= 1) {
        return std::nullopt;
    }
    return pid;
}

}  // namespace esteira::supervisor

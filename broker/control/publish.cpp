#include "broker/control/publish.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include "common/cli/app.hpp"

namespace esteira::control {

void PublishVerb::add_to(CLI::App& topic) {
    publish_ = topic.add_subcommand(
        "publish", "Sends to all queues of a topic; options are those of esteira-send");
    publish_->prefix_command()->fallthrough(false);
    publish_->set_help_flag();
}

std::optional<cli::ExitCode> PublishVerb::perform() const {
    if (!publish_->parsed()) {
        return std::nullopt;
    }
    const std::string program =
        (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "esteira-send").string();
    std::vector<std::string> words{program};
    for (const std::string& word : publish_->remaining()) {
        words.push_back(word);
    }
    std::vector<char*> argv;
    for (std::string& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    throw cli::Failure{cli::ExitCode::error, "cannot run " + program};
}

}  // namespace esteira::control

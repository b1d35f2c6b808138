#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/broker_process.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temp_folder.hpp"

namespace esteira::support {

// What a program that ran to its end has left.
struct Ended {
    int code = -1;  // -1: it did not end.
    std::string out;
    std::string err;

    nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
};

// Runs one of our programs, by its name, against a broker: its settings come by the environment.
// stdin is `input`, never a terminal.
inline Ended run_program(const BrokerProcess& broker, std::vector<std::string> words,
                         const std::string& input = {}) {
    const test::TempFolder folder;
    const auto file = [&](const char* name) { return folder.path() + "/" + name; };
    std::ofstream(file("in"), std::ios::binary) << input;
    words.front() = std::string(ESTEIRA_BIN_DIR "/") + words.front();
    std::vector<std::string> shell{
        "/bin/sh", "-c", "exec \"$@\" <" + file("in") + " >" + file("out") + " 2>" + file("err"),
        "sh"};
    shell.insert(shell.end(), words.begin(), words.end());
    ChildProcess child({shell,
                        {"ESTEIRA_CONFIG=" + broker.folder() + "/esteira.toml",
                         "ESTEIRA__BROKER__ENDPOINT=" + broker.endpoint(),
                         "ESTEIRA__BROKER__DATA=" + broker.data(),
                         "ESTEIRA__BROKER__OPS_SOCKET=" + broker.ops_socket()},
                        {}});
    Ended ended;
    ended.code = child.wait().value_or(-1);
    const auto read = [&](const char* name) {
        std::ifstream in(file(name), std::ios::binary);
        return std::string{std::istreambuf_iterator<char>(in), {}};
    };
    ended.out = read("out");
    ended.err = read("err");
    return ended;
}

}  // namespace esteira::support

#pragma once

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>
#include <zmq.hpp>

#include "common/base/clock.hpp"
#include "common/client/link.hpp"

// A broker's ops socket from the operator's side: one JSON frame there, one back.
namespace esteira::control {

using Json = nlohmann::ordered_json;

// Nobody listens there, or nobody answers in time.
struct NoAnswer : std::runtime_error {
    NoAnswer(bool connected_in, const std::string& what)
        : std::runtime_error(what), connected(connected_in) {}
    bool connected;  // There is somebody, who is silent.
};

// The broker has refused.
struct RefusedByBroker : std::runtime_error {
    RefusedByBroker(std::string code_in, const std::string& reason)
        : std::runtime_error(reason), code(std::move(code_in)) {}
    std::string code;
};

class OpsClient {
public:
    OpsClient(std::filesystem::path socket, Millis timeout);

    // The result. Throws NoAnswer, RefusedByBroker.
    Json ask(const std::string& command, const Json& arguments);

private:
    using Instant = std::chrono::steady_clock::time_point;

    std::string exchange(const std::string& request);
    void connect(Instant deadline);

    std::filesystem::path socket_;
    Millis timeout_;
    zmq::context_t context_{1};
    std::optional<client::Link> link_;
    std::uint64_t links_ = 0;
};

}  // namespace esteira::control

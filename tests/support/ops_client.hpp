#pragma once

#include <string>

#include <nlohmann/json.hpp>
#include <zmq.hpp>

// What operators ask of a running broker, over its ops socket.
namespace esteira::support {

class OpsClient {
public:
    // The path of the socket's file.
    explicit OpsClient(const std::string& ops_socket);

    // The `result` of the answer. Throws std::runtime_error with what came instead, also when
    // nothing comes within a minute.
    nlohmann::json ask(const std::string& command,
                       const nlohmann::json& arguments = nlohmann::json::object());

    // What the broker knows of a pool; an empty object when it knows none of this name.
    nlohmann::json pool(const std::string& name);

private:
    zmq::context_t context_{1};
    zmq::socket_t socket_;
};

}  // namespace esteira::support

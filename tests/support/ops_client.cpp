#include "tests/support/ops_client.hpp"

#include <stdexcept>

namespace esteira::support {

OpsClient::OpsClient(const std::string& ops_socket) : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, 60'000);
    socket_.connect("ipc://" + ops_socket);
}

nlohmann::json OpsClient::ask(const std::string& command, const nlohmann::json& arguments) {
    const nlohmann::json request{{"command", command}, {"arguments", arguments}};
    socket_.send(zmq::buffer(request.dump()), zmq::send_flags::none);
    zmq::message_t message;
    if (!socket_.recv(message, zmq::recv_flags::none)) {
        throw std::runtime_error("no answer to " + command);
    }
    const auto answer = nlohmann::json::parse(message.to_string_view());
    if (!answer.at("ok").get<bool>()) {
        throw std::runtime_error(command + ": " + answer.dump());
    }
    return answer.at("result");
}

nlohmann::json OpsClient::pool(const std::string& name) {
    const nlohmann::json answer = ask("worker.pools");
    for (const auto& pool : answer.at("pools")) {
        if (pool.at("pool") == name) {
            return pool;
        }
    }
    return nlohmann::json::object();
}

}  // namespace esteira::support

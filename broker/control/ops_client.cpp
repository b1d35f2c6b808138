#include "broker/control/ops_client.hpp"

#include <span>
#include <utility>

#include "common/base/bytes.hpp"

namespace esteira::control {

namespace {

Millis left_until(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<Millis>(deadline - std::chrono::steady_clock::now());
    return std::max(Millis{0}, left);
}

}  // namespace

OpsClient::OpsClient(std::filesystem::path socket, Millis timeout)
    : socket_(std::move(socket)), timeout_(timeout) {}

// A refused connection is told at once: there is no broker to wait for.
void OpsClient::connect(Instant deadline) {
    try {
        link_.emplace(context_, "ipc://" + socket_.string(), ++links_);
    } catch (const zmq::error_t& error) {
        throw NoAnswer(false, socket_.string() + ": " + error.what());
    }
    while (true) {
        switch (link_->state()) {
            case client::Link::State::connected:
                return;
            case client::Link::State::lost:
                link_.reset();
                throw NoAnswer(false, "no broker listens on " + socket_.string());
            case client::Link::State::connecting:
                break;
        }
        const Millis left = left_until(deadline);
        if (left == Millis{0}) {
            link_.reset();
            throw NoAnswer(false, "no broker answers on " + socket_.string());
        }
        link_->wait(left, false, {});
    }
}

std::string OpsClient::exchange(const std::string& request) {
    const Instant deadline = std::chrono::steady_clock::now() + timeout_;
    if (!link_.has_value()) {
        connect(deadline);
    }
    bool sent = false;
    while (true) {
        sent = sent || link_->send(as_bytes(request));
        if (const auto frame = link_->receive()) {
            return frame->to_string();
        }
        const bool lost = link_->state() == client::Link::State::lost;
        const Millis left = left_until(deadline);
        if (lost || left == Millis{0}) {
            link_.reset();
            throw NoAnswer(!lost, lost ? "the broker went away without an answer"
                                       : "the broker has not answered in time");
        }
        link_->wait(left, !sent, {});
    }
}

Json OpsClient::ask(const std::string& command, const Json& arguments) {
    const Json request{{"command", command}, {"arguments", arguments}};
    const std::string text = exchange(request.dump(-1, ' ', false, Json::error_handler_t::replace));
    Json answer = Json::parse(text, nullptr, false);
    if (!answer.is_object() || !answer.contains("ok")) {
        throw RefusedByBroker("bad_request", "the broker has answered something else");
    }
    if (!answer["ok"].get<bool>()) {
        throw RefusedByBroker(answer.value("code", "error"), answer.value("reason", "no reason"));
    }
    return std::move(answer["result"]);
}

}  // namespace esteira::control

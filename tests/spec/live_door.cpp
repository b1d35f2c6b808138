#include "tests/spec/live_door.hpp"

#include <chrono>
#include <deque>
#include <stdexcept>
#include <thread>
#include <utility>

#include "common/client/queue_client.hpp"
#include "tests/support/broker_process.hpp"

namespace esteira::spec {

namespace {

constexpr Millis kPatience = std::chrono::minutes(1);

class LiveDoor final : public Door {
public:
    void at(Millis time) override { std::this_thread::sleep_until(start_ + time); }

    std::optional<dialogue::Answer> ask(const std::string& name,
                                        const dialogue::Operation& operation) override {
        Session& session = session_of(name);
        session.asked = *session.client.submit(operation);
        const auto* receive = std::get_if<dialogue::Receive>(&operation);
        if (receive == nullptr || receive->wait == Millis{0}) {
            return answer_to(session, session.asked);
        }
        // What the broker could answer at once comes in the turn of the first fence at the latest,
        // and so before the answer to the second one, which is of a later turn.
        pass_fence(session);
        return answer(name);
    }

    std::optional<dialogue::Answer> answer(const std::string& name) override {
        Session& session = session_of(name);
        pass_fence(session);
        return std::exchange(session.arrived, std::nullopt);
    }

    std::optional<dialogue::Answer> again(const std::string&) override {
        throw std::logic_error("a client never asks by itself what was answered");
    }
    std::optional<dialogue::Code> topics(const std::vector<std::string>&) override {
        throw std::logic_error("clients do not make topics");
    }
    std::map<std::string, std::uint64_t> totals(const std::string&) override {
        throw std::logic_error("clients do not see totals");
    }

    std::string operate(const OperatorLine&) override {
        throw std::logic_error("clients are no operators");
    }

    void restart() override {
        broker_.kill();
        broker_.start();
    }

private:
    struct Session {
        explicit Session(client::ClientOptions options) : client(std::move(options)) {}
        client::QueueClient client;
        std::uint64_t asked = 0;                  // What the script asked last.
        std::optional<dialogue::Answer> arrived;  // To that, and not told yet.
    };

    Session& session_of(const std::string& name) {
        return sessions_.try_emplace(name, broker_.client_options(name)).first->second;
    }

    // A request behind all others of the session, and its answer.
    void pass_fence(Session& session) {
        const auto fence = session.client.submit(dialogue::ListQueues{});
        answer_to(session, *fence);
    }

    std::optional<dialogue::Answer> answer_to(Session& session, std::uint64_t number) {
        while (true) {
            auto reply = session.client.poll(kPatience);
            if (!reply) {
                throw std::runtime_error("no answer within a minute");
            }
            // Its views are looked at until the script ends.
            const dialogue::Response& response = replies_.emplace_back(std::move(*reply)).response;
            if (response.number == number) {
                return response.answer;
            }
            if (response.number == session.asked) {
                session.arrived = response.answer;
            }
        }
    }

    support::BrokerProcess broker_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::deque<client::Reply> replies_;
    std::map<std::string, Session> sessions_;
};

}  // namespace

std::unique_ptr<Door> make_live_door() { return std::make_unique<LiveDoor>(); }

}  // namespace esteira::spec

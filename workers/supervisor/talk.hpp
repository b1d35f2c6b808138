#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include <nlohmann/json.hpp>
#include <zmq.hpp>

#include "common/base/clock.hpp"
#include "common/client/link.hpp"

namespace esteira::supervisor {

using Json = nlohmann::ordered_json;

// The ops socket of the broker, one question at a time, without ever blocking: a broker that is
// away or frozen must not keep its supervisor from its processes.
class Talk {
public:
    static constexpr Millis kPatience{5'000};

    explicit Talk(const std::filesystem::path& ops_socket);

    bool busy() const { return asked_; }
    // Only while not busy. Connects when it has to.
    void ask(const std::string& command, const Json& arguments, Time now);
    // The result of what was asked, once it is there. A refusal, a loss and kPatience without an
    // answer end the question as well, without one.
    std::optional<Json> answer(Time now);
    // Whether the last question that has ended was answered.
    bool broker_there() const { return there_; }

    // Until something may have come, a descriptor can be read, or the time is over.
    void wait(Millis time, std::span<const int> fds);

private:
    void give_up();

    std::string endpoint_;
    zmq::context_t context_{1};
    std::optional<client::Link> link_;
    std::uint64_t links_ = 0;
    std::string frame_;
    bool asked_ = false;
    bool sent_ = false;
    bool there_ = false;
    Time asked_at_{};
};

}  // namespace esteira::supervisor

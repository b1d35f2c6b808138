#include "tests/integration/faults/talk.hpp"

#include <array>
#include <chrono>
#include <stdexcept>

#include "common/base/bytes.hpp"

namespace esteira::faults {

dialogue::Code send(client::QueueClient& client, const std::string& queue,
                    const std::string& body) {
    const auto results = client.send(queue, std::array{as_bytes(body)});
    return results ? results.value().at(0).code : results.error().code;
}

std::multiset<std::string> bodies_in(client::QueueClient& client, const std::string& queue) {
    std::multiset<std::string> bodies;
    while (true) {
        const auto batch = client.receive({queue, 1'000, Millis{0}, Millis{3'600'000}});
        if (!batch) {
            throw std::runtime_error(queue + ": " + batch.error().reason);
        }
        if (batch.value().messages.empty()) {
            return bodies;
        }
        for (const dialogue::Delivery& message : batch.value().messages) {
            bodies.emplace(as_text(message.body));
        }
    }
}

int send_until_it_dies(support::BrokerProcess& broker, const std::string& queue) {
    constexpr int kMost = 2'000;
    client::ClientOptions options = broker.client_options("until-it-dies");
    options.patience = Millis{1'000};
    client::QueueClient client(options);
    for (int sent = 0; sent < kMost; ++sent) {
        try {
            if (send(client, queue, std::to_string(sent + 1)) != dialogue::Code::ok) {
                throw std::runtime_error("a send was refused");
            }
        } catch (const client::Unreachable&) {
            if (broker.process().wait(std::chrono::seconds(30))) {
                return sent;
            }
            throw;  // Slow is not dead: the test would not know what was acknowledged.
        }
    }
    throw std::runtime_error("the broker lives on");
}

}  // namespace esteira::faults

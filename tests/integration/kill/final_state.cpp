#include "tests/integration/kill/final_state.hpp"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

#include "tests/integration/kill/ledger.hpp"
#include "tests/support/ops_client.hpp"

namespace esteira::kill {

namespace {

constexpr auto kQueues = {"work", "dlq-work"};

// Leases and delays end by themselves; there is nothing to wait for but the time.
void await_rest(support::OpsClient& operators, const std::string& queue) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < deadline) {
        const auto shown = operators.ask("queue.show", {{"queue", queue}});
        if (shown.at("in_flight") == 0 && shown.at("delayed") == 0) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    throw std::runtime_error(queue + " does not come to rest");
}

void write_contents(client::QueueClient& client, const std::string& queue, std::ostream& out) {
    while (true) {
        const auto batch = client.receive({queue, 1'000, Millis{0}, Millis{3'600'000}});
        if (!batch) {
            throw std::runtime_error(queue + ": " + batch.error().reason);
        }
        if (batch.value().messages.empty()) {
            return;
        }
        for (const dialogue::Delivery& message : batch.value().messages) {
            const nlohmann::json line{{"queue", queue},
                                      {"eid", eid_of(message.body)},
                                      {"sha", sha256(message.body)},
                                      {"source", message.source},
                                      {"reason", message.reason}};
            out << line.dump() << '\n';
        }
    }
}

}  // namespace

void write_final_state(support::BrokerProcess& broker, const std::string& folder) {
    support::OpsClient operators(broker.ops_socket());
    client::QueueClient client(broker.client_options("final"));
    await_rest(operators, "work");
    std::ofstream contents(folder + "/final.jsonl");
    nlohmann::json totals{{"max_receives", kMaxReceives}};
    for (const char* queue : kQueues) {
        write_contents(client, queue, contents);
    }
    for (const char* queue : kQueues) {
        const auto shown = operators.ask("queue.show", {{"queue", queue}});
        totals["queues"][queue] = shown.at("totals");
        totals["queues"][queue]["messages"] = shown.at("messages");
    }
    std::ofstream(folder + "/totals.json") << totals.dump();
}

}  // namespace esteira::kill

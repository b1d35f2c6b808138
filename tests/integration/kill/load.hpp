#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "common/client/queue_client.hpp"
#include "tests/integration/kill/ledger.hpp"

// Producers and consumers of the queue "work" that keep ledgers. Each belongs to one thread.
namespace esteira::kill {

// A client that is not patient: what it is not told soon it writes down as unknown, and goes on,
// now as the same client, now as a new one that knows nothing of the old one's requests.
class Actor {
public:
    Actor(client::ClientOptions options, const std::string& folder, std::uint64_t seed);

protected:
    std::size_t random_below(std::size_t bound) { return random_() % bound; }
    client::QueueClient& client() { return *client_; }
    // The outcome of the call that was written down last is unknown.
    void give_up();
    void write_results(const client::QueueClient::Results& results);

    Ledger ledger_;

private:
    client::ClientOptions options_;
    std::mt19937_64 random_;
    std::unique_ptr<client::QueueClient> client_;
};

class Producer : private Actor {
public:
    using Actor::Actor;
    void run(const std::stop_token& stop);

private:
    void send_some();
    std::string next_body();

    std::uint64_t count_ = 0;
};

// Deletes most, and does everything else that may be done with a message.
class Consumer : private Actor {
public:
    using Actor::Actor;
    void run(const std::stop_token& stop);

private:
    void receive_some();
    void settle(const client::ReceivedBatch& batch);
    dialogue::VerdictEntry judge(const dialogue::Receipt& receipt, std::uint32_t index);
    void remember(const dialogue::Receipt& receipt, std::uint32_t index, nlohmann::json entry);

    // A delivery that was forgotten or handed back: its receipt is tried long after.
    struct Old {
        dialogue::VerdictEntry done;
        nlohmann::json entry;
    };
    std::deque<Old> old_;
};

}  // namespace esteira::kill

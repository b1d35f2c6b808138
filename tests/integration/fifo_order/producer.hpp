#pragma once

#include <cstdint>
#include <fstream>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "common/client/queue_client.hpp"

namespace esteira::fifo_order {

inline constexpr const char* kQueue = "order.fifo";
inline constexpr int kGroups = 1'000;  // Of which each producer has its own.
inline constexpr int kProducers = 2;

std::string group_name(int group);

// Sends into its own groups, each message with its number there, in their order: one request after
// the other, each asked until it is answered. Now and then all of a request is sent once more under
// its deduplication ids. What was acknowledged is written down.
class Producer {
public:
    Producer(client::ClientOptions options, const std::string& folder, std::uint64_t seed,
             int number);

    void run(const std::stop_token& stop);

private:
    struct Message {
        int group = 0;
        int number = 0;
        std::string fate{};
        std::string body{};
        std::string group_name{};
        std::string dedup{};
    };

    std::size_t random_below(std::size_t bound) { return random_() % bound; }
    int next_group();
    std::vector<Message> next_messages();
    void send(const std::vector<Message>& messages);

    client::QueueClient client_;
    std::ofstream ledger_;
    std::mt19937_64 random_;
    int number_;
    std::vector<int> sent_;  // By group.
};

}  // namespace esteira::fifo_order

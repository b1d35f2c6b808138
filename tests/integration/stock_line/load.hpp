#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "tests/integration/kill/load.hpp"

// Points of sale that send stock positions and write down what they were told.
namespace esteira::stock_line {

// Its ledger is one of tests/integration/kill, with op "send" and one entry for each message:
//   {"items":[{"eid":"p1:7/0","key":"0789003|1001","at":<microseconds>,"quantity":3,"bad":false}]}
// The eid is in the item as well, so it is seen again in the table, its history, or a dead letter.
class PointOfSale : private kill::Actor {
public:
    // `number` tells it from others: no two positions in all have the same time or quantity.
    PointOfSale(client::ClientOptions options, const std::string& folder, std::uint64_t seed,
                int number)
        : Actor(std::move(options), folder, seed), number_(number) {}

    void run(const std::stop_token& stop);

private:
    struct Message {
        std::string body;
        nlohmann::json entry;
    };
    Message next_message();
    nlohmann::ordered_json next_item(nlohmann::json& entry, const std::string& eid, bool bad);
    void send_some();

    int number_;
    std::uint64_t messages_ = 0;
    std::int64_t positions_ = 0;
};

}  // namespace esteira::stock_line

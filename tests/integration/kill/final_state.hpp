#pragma once

#include <string>

#include "tests/support/broker_process.hpp"

namespace esteira::kill {

inline constexpr int kMaxReceives = 20;

// Waits until nothing is in flight or delayed, receives all that the queues "work" and "dlq-work"
// hold into final.jsonl, and writes what the broker counted to totals.json.
void write_final_state(support::BrokerProcess& broker, const std::string& folder);

}  // namespace esteira::kill

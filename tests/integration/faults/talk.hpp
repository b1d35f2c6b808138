#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "tests/support/broker_process.hpp"

// Short ways to ask a broker, for tests that are about something else.
namespace esteira::faults {

// One message: the code that it was answered with.
dialogue::Code send(client::QueueClient& client, const std::string& queue, const std::string& body);

// Receives until the queue has nothing visible, and leaves it all in flight for an hour. The
// bodies.
std::multiset<std::string> bodies_in(client::QueueClient& client, const std::string& queue);

// Sends "1", "2", ... one at a time until the broker is gone: how many were acknowledged.
int send_until_it_dies(support::BrokerProcess& broker, const std::string& queue);

}  // namespace esteira::faults

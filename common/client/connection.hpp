#pragma once

#include <memory>

#include <zmq.hpp>

#include "common/client/link.hpp"
#include "common/client/queue_client.hpp"

namespace esteira::client {

struct QueueClient::Connection {
    zmq::context_t context{1};
    std::unique_ptr<Link> link;  // Null between a loss and the next attempt.
};

}  // namespace esteira::client

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/client/queue_client.hpp"
#include "workers/runtime/handler.hpp"

namespace esteira::runtime {

// What one receive brought, in the form that handlers read. Owns the frame that the bodies are in.
class Batch {
public:
    // `broker` is the identity that message ids begin with.
    Batch(client::ReceivedBatch received, std::uint64_t broker);

    std::span<const Delivery> deliveries() const { return deliveries_; }
    const dialogue::Receipt& receipt() const { return received_.receipt; }

private:
    client::ReceivedBatch received_;
    std::vector<std::string> ids_;  // Their places stay when the batch is moved.
    std::vector<Delivery> deliveries_;
};

}  // namespace esteira::runtime

#include "workers/runtime/batch.hpp"

#include <utility>

#include "common/base/bytes.hpp"

namespace esteira::runtime {

Batch::Batch(client::ReceivedBatch received, std::uint64_t broker)
    : received_(std::move(received)) {
    ids_.reserve(received_.messages.size());
    deliveries_.reserve(received_.messages.size());
    for (const dialogue::Delivery& message : received_.messages) {
        const std::string& id = ids_.emplace_back(dialogue::message_id(broker, message.number));
        Delivery delivery;
        delivery.body = as_text(message.body);
        delivery.message_id = id;
        delivery.origin_id = message.origin.empty() ? std::string_view(id) : message.origin;
        delivery.group = message.group;
        delivery.receives = message.receives;
        delivery.sent_at = message.sent_at;
        deliveries_.push_back(delivery);
    }
}

}  // namespace esteira::runtime

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/engine/events.hpp"
#include "broker/engine/tools.hpp"
#include "common/base/ids.hpp"

// Who gets what is sent to a topic. A topic is known by the number of a queue object that never
// holds a message; a queue is subscribed to it once, with a filter or without.
namespace esteira::engine {

struct Subscription {
    QueueNumber queue;
    std::string filter;  // As it was given; empty: every message.
    std::unique_ptr<Filter> compiled;
};

class Queue;

// Where one publication goes.
struct Fan {
    std::vector<Queue*> queues;
    std::optional<Fifo> group;
};

class Topics {
public:
    // A second time replaces the filter, and leaves the queue its place.
    void subscribe(QueueNumber topic, Subscription subscription);
    // False when it was not subscribed.
    bool unsubscribe(QueueNumber topic, QueueNumber queue);
    // A queue or a topic is removed.
    void forget(QueueNumber removed);

    // In the order of subscribing.
    const std::vector<Subscription>& of(QueueNumber topic) const;
    const Subscription* find(QueueNumber topic, QueueNumber queue) const;
    // The topics that a queue is subscribed to.
    std::vector<QueueNumber> feeding(QueueNumber queue) const;

    std::size_t size() const { return count_; }
    // Of all filters.
    std::size_t filter_bytes() const { return filter_bytes_; }
    std::uint64_t digest() const;

private:
    using List = std::vector<Subscription>;
    void drop(List& list, List::iterator at);

    std::map<QueueNumber, List> topics_;
    std::size_t count_ = 0;
    std::size_t filter_bytes_ = 0;
};

}  // namespace esteira::engine

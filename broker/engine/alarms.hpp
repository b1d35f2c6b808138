#pragma once

#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/ids.hpp"

namespace esteira::engine {

// When a queue is to be looked at next: one time for each that has any.
class Alarms {
public:
    void set(QueueNumber queue, Time at) {
        const auto [known, fresh] = times_.emplace(queue, at);
        if (!fresh) {
            if (known->second == at) {
                return;
            }
            order_.erase({known->second, queue});
            known->second = at;
        }
        order_.insert({at, queue});
    }
    void clear(QueueNumber queue) {
        if (const auto known = times_.find(queue); known != times_.end()) {
            order_.erase({known->second, queue});
            times_.erase(known);
        }
    }
    // Appends the queues whose time has come by `now`; they have no alarm any more.
    void take_due(Time now, std::vector<QueueNumber>& due) {
        while (first() <= now) {
            due.push_back(order_.begin()->second);
            times_.erase(due.back());
            order_.erase(order_.begin());
        }
    }
    Time first() const { return order_.empty() ? Time::max() : order_.begin()->first; }

private:
    std::unordered_map<QueueNumber, Time> times_;
    std::set<std::pair<Time, QueueNumber>> order_;
};

}  // namespace esteira::engine

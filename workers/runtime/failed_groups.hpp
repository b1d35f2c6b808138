#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "workers/runtime/handler.hpp"

namespace esteira::runtime {

// The groups of a batch in which a message is to be retried. What comes behind it in its group has
// to wait for it; messages without a group wait for nobody. Views into the batch.
class FailedGroups {
public:
    void add(const Delivery& failed) {
        if (!failed.group.empty() && !hold(failed)) {
            groups_.push_back(failed.group);
        }
    }
    bool hold(const Delivery& later) const {
        return !later.group.empty() && std::ranges::find(groups_, later.group) != groups_.end();
    }
    bool none() const { return groups_.empty(); }

private:
    std::vector<std::string_view> groups_;  // Few: each is a failure.
};

}  // namespace esteira::runtime

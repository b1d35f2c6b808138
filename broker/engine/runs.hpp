#pragma once

#include <utility>
#include <vector>

#include "broker/engine/events.hpp"

// Runs: neighbours said once, so that what is done to a whole delivery is one small record.
namespace esteira::engine {

inline void add_slot(std::vector<Slots>& groups, Position at) {
    if (groups.empty() || groups.back().chunk != at.chunk) {
        groups.push_back({at.chunk, {}});
    }
    groups.back().slots.push_back(at.slot);
}

inline void add_number(std::vector<Numbers>& runs, DeliveryNumber number) {
    if (!runs.empty() && runs.back().first.value + runs.back().count == number.value) {
        ++runs.back().count;
        return;
    }
    runs.push_back({number, 1});
}

// The numbers of accepted messages follow each other within a run.
inline void add_result(std::vector<dialogue::ResultRun>& runs, dialogue::ResultRun result) {
    if (!runs.empty()) {
        dialogue::ResultRun& last = runs.back();
        const bool follows = result.first.value == 0
                                 ? last.first.value == 0
                                 : last.first.value + last.count == result.first.value;
        if (last.code == result.code && last.reason == result.reason && follows) {
            last.count += result.count;
            return;
        }
    }
    runs.push_back(std::move(result));
}

}  // namespace esteira::engine

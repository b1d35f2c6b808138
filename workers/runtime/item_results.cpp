#include "workers/runtime/item_results.hpp"

#include <algorithm>
#include <utility>

namespace esteira::runtime {

std::uint64_t ItemResults::refused() const {
    std::uint64_t count = 0;
    for (const Progress& one : progress_) {
        count += one.refused.size();
    }
    return count;
}

std::vector<Outcome> ItemResults::take() {
    std::vector<Outcome> outcomes;
    outcomes.reserve(batch_.size());
    for (std::size_t i = 0; i < batch_.size(); ++i) {
        outcomes.push_back(outcome(batch_[i], std::move(progress_[i])));
    }
    return outcomes;
}

Outcome ItemResults::outcome(const Delivery& delivery, Progress progress) {
    if (progress.unreadable) {
        return {Verdict::dead, std::move(*progress.unreadable), {}};
    }
    auto& refused = progress.refused;
    if (refused.empty()) {
        return {};
    }
    std::sort(refused.begin(), refused.end(),
              [](const Refused& a, const Refused& b) { return a.index < b.index; });
    if (refused.size() == progress.items) {
        std::string reason = std::move(refused.front().reason);
        if (progress.items > 1) {
            reason =
                "all " + std::to_string(progress.items) + " items are bad; the first: " + reason;
        }
        return {Verdict::dead, std::move(reason), {}};
    }
    Outcome split;
    for (Refused& item : refused) {
        split.sends.push_back(
            {.body = std::move(item.body),
             .origin_id = std::string(delivery.origin_id) + "/" + std::to_string(item.index),
             .reason = std::move(item.reason)});
    }
    return split;
}

}  // namespace esteira::runtime

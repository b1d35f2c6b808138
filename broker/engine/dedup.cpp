#include "broker/engine/dedup.hpp"

#include <algorithm>

namespace esteira::engine {

std::string Dedup::key(QueueNumber queue, std::uint32_t purges, std::string_view group,
                       std::string_view id) {
    std::string key = std::to_string(queue.value);
    key += '.';
    key += std::to_string(purges);
    key += ' ';  // Neither an id nor a group has a space.
    key += group;
    key += ' ';
    key += id;
    return key;
}

std::optional<MessageNumber> Dedup::find(const std::string& key, Time now) const {
    const auto known = known_.find(key);
    if (known == known_.end() || known->second.until <= now) {
        return std::nullopt;
    }
    return known->second.number;
}

void Dedup::remember(std::string key, MessageNumber number, Time until, std::uint32_t chunk) {
    const auto [known, fresh] = known_.emplace(std::move(key), Known{number, until});
    if (!fresh && known->second.until >= until) {
        return;
    }
    known->second = {number, until};
    const auto later =
        std::upper_bound(endings_.begin(), endings_.end(), until,
                         [](Time time, const Ending& ending) { return time < ending.until; });
    endings_.insert(later, {until, chunk, &known->first});
}

void Dedup::forget_old(Time now) {
    while (!endings_.empty() && endings_.front().until <= now) {
        const auto known = known_.find(*endings_.front().key);
        // It may have been sent anew since; then a later ending is its own, and needs its key.
        if (known->second.until == endings_.front().until) {
            known_.erase(known);
        }
        endings_.pop_front();
    }
}

std::optional<std::uint32_t> Dedup::first_chunk() const {
    return endings_.empty() ? std::nullopt : std::optional(endings_.front().chunk);
}

}  // namespace esteira::engine

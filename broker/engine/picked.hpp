#pragma once

#include <vector>

#include "broker/engine/events.hpp"
#include "common/base/clock.hpp"
#include "common/base/ids.hpp"

namespace esteira::engine {

// What a receive would hand out, and what it found that must go elsewhere first.
struct Picked {
    struct Message {
        Stored record;
        Place place;
        DeliveryNumber returned;  // 0: it was waiting.
        Time visible_at{};
    };
    std::vector<Message> good;
    std::vector<Message> over;  // Received or crashed too often.
    SetAside expired;
    SetAside damaged;

    bool put_any_away() const {
        return !over.empty() || !expired.numbers.empty() || !expired.waiting.empty() ||
               !damaged.numbers.empty() || !damaged.waiting.empty();
    }
};

}  // namespace esteira::engine

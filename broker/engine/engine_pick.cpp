// Picking: which messages a receive would hand out, and what stands in its way.
#include <algorithm>
#include <utility>

#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/runs.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

namespace {

// Messages that one receive may put away (expired, buried, damaged) on its way to good ones.
constexpr std::size_t kPutAwayMax = 1000;
// Room that a batch begins with; larger ones grow.
constexpr std::uint32_t kBatchUsual = 128;

}  // namespace

// Files one message under what has to happen to it. False: the batch ends before it.
bool Engine::sort_in(Picked& picked, const Queue& queue, Picked::Message message, const Held* held,
                     Now now) {
    const Settings& settings = queue.settings();
    const std::uint32_t crashes = held != nullptr && held->story ? held->story->crashes : 0;
    const std::uint32_t receives = held != nullptr ? held->receives : 0;
    if (message.record.sent_at + settings.retention <= now.wall) {
        if (message.returned.value != 0) {
            add_number(picked.expired.numbers, message.returned);
        } else {
            add_slot(picked.expired.waiting, message.place.at);
        }
        return true;
    }
    const bool too_often = settings.max_receives != 0 && receives >= settings.max_receives;
    if ((too_often || crashes >= limits::kCrashesBeforeBurial) &&
        !settings.dead_letter_queue.empty()) {
        picked.over.push_back(std::move(message));
        return true;
    }
    if (crashes >= limits::kCrashesBeforeAlone) {
        // It may take its worker down again; its neighbours shall not pay for that.
        if (picked.good.empty()) {
            picked.good.push_back(std::move(message));
        }
        return false;
    }
    picked.good.push_back(std::move(message));
    return true;
}

bool Engine::is_enough(const Picking& picking) const {
    return picking.picked.good.size() >= picking.count ||
           picking.seen >= picking.count + kPutAwayMax;
}

// Reads one message and files it; false when the batch is complete.
bool Engine::look_at(Picking& picking, DeliveryNumber returned, const Held* held, Place place) {
    Picked& picked = picking.picked;
    ++picking.seen;
    const auto record = read(picking.queue, place);
    if (!record) {
        if (returned.value != 0) {
            add_number(picked.damaged.numbers, returned);
        } else {
            add_slot(picked.damaged.waiting, place.at);
        }
        return !is_enough(picking);
    }
    picking.bytes += place.size + (held != nullptr && held->story ? held->story->told_bytes() : 0);
    if (!picked.good.empty() && picking.bytes > limits::kReceiveBytesMax) {
        return false;
    }
    return sort_in(picked, picking.queue, {*record, place, returned, record->visible_at}, held,
                   picking.now) &&
           !is_enough(picking);
}

void Engine::pick_standard(Picking& picking) {
    Queue& queue = picking.queue;
    const std::size_t most = picking.count + kPutAwayMax;
    bool more = true;
    queue.leases().for_first_returned(most, [&](DeliveryNumber number, const Held& held) {
        more = look_at(picking, number, &held, held.place);
        return more;
    });
    const auto take = [&](Place place) {
        more = look_at(picking, {}, nullptr, place);
        return more;
    };
    if (more) {
        queue.delayed().for_first_due(picking.now.broker, most, take);
    }
    if (more) {
        queue.waiting().for_first(most, take);
    }
}

// As much as there is of the group whose first message is the oldest, then of the next one. What
// has to be buried ends its group: its followers wait until it is known that it could be.
void Engine::pick_in_order(Picking& picking) {
    Grouped* grouped = picking.queue.grouped();
    if (grouped == nullptr) {
        return;
    }
    Leases& leases = picking.queue.leases();
    for (const auto& [sequence, group] : grouped->ready()) {
        bool more = true;
        const std::size_t over = picking.picked.over.size();
        bool skip = mutant(Mutant::fifo_head_skipped);
        grouped->for_each_deliverable(
            group, leases, picking.now.broker, [&](DeliveryNumber number, Place place) {
                if (std::exchange(skip, false)) {
                    return true;
                }
                const Held* held = number.value == 0 ? nullptr : leases.find(number).held;
                more = look_at(picking, number, held, place);
                return more && picking.picked.over.size() == over;
            });
        if (!more) {
            return;
        }
    }
}

Picked Engine::pick(Queue& queue, std::uint32_t count, Now now) {
    Picking picking{queue, count, now};
    Picked& picked = picking.picked;
    picked.expired.queue = picked.damaged.queue = queue.number();
    picked.expired.why = Gone::expired;
    picked.damaged.why = Gone::damaged;
    picked.good.reserve(std::min(count, kBatchUsual));
    if (queue.kind() == QueueKind::fifo) {
        pick_in_order(picking);
    } else if (queue.grouped() != nullptr) {
        pick_fair(picking);
    } else {
        pick_standard(picking);
    }
    return std::move(picking.picked);
}

}  // namespace esteira::engine

// What a receive asks for beside messages: a window, an attempt that may be repeated; and pauses.
#include <algorithm>

#include "common/base/limits.hpp"
#include "tests/simulation/model.hpp"

namespace esteira::simulation {

using ReceiptIs = Model::Message::ReceiptIs;

// ------------------------------------------------------------------------------------- pauses

bool Model::may_pause_receives(Slot slot) const {
    const Known& known = queues_[slot];
    return known.rules.receives_paused || (known.perhaps && known.perhaps->receives_paused);
}

void Model::check_may_lease(MessageId id, const Asking& asking) const {
    const Known& known = queues_[asking.slot];
    const bool surely_paused = known.rules.receives_paused && !known.unsure();
    if (surely_paused && !asking.repeated) {
        broken(id, "is delivered in " + name_of(asking.slot) + ", which hands out nothing");
    }
}

void Model::check_sends_go(const std::vector<MessageId>& ids) const {
    for (const MessageId id : ids) {
        for (const MessageId copy : copies_of(id)) {
            const Known& known = queues_[message(copy).home];
            if (known.rules.sends_paused && !known.unsure() && message(copy).places != kGone) {
                broken(copy,
                       "was sent to " + name_of(message(copy).home) + ", which takes nothing");
            }
        }
    }
}

bool Model::may_pause_send(MessageId id) const {
    const auto copies = copies_of(id);
    return std::any_of(copies.begin(), copies.end(), [&](MessageId copy) {
        const Known& known = queues_[message(copy).home];
        return known.rules.sends_paused || (known.perhaps && known.perhaps->sends_paused);
    });
}

void Model::check_sends_paused(const std::vector<MessageId>& ids) const {
    if (std::none_of(ids.begin(), ids.end(), [&](MessageId id) { return may_pause_send(id); })) {
        broken("a send is refused for a pause, and nothing is paused");
    }
    counters_.add(Sometimes::refused_while_paused);
}

// ------------------------------------------------------------------------------------ windows

void Model::check_window(const Asking& asking, const dialogue::ReceiveReply& reply, Now now) const {
    if (asking.min < 2 || asking.repeated || was_told(reply.receipt)) {
        return;
    }
    const bool full = reply.messages.size() >= asking.min;
    counters_.add(full ? Sometimes::window_filled : Sometimes::window_ended);
    // What took its workers down goes alone.
    const bool alone = std::any_of(live_.begin(), live_.end(), [&](MessageId id) {
        const Message& m = message(id);
        return (m.places & bit(asking.slot)) != 0 && m.crashes_most >= limits::kCrashesBeforeAlone;
    });
    if (!full && !alone && now.broker < asking.waits_until) {
        broken("a receive of at least " + std::to_string(asking.min) + " was given " +
               std::to_string(reply.messages.size()) + " of " + name_of(asking.slot) +
               " before its wait was over");
    }
}

// ----------------------------------------------------------------------------------- attempts

void Model::check_attempt(const Asking& asking, const dialogue::Receipt& receipt, Now now) const {
    const auto known = attempts_.find({asking.slot, asking.attempt});
    if (asking.attempt.empty() || asking.repeated || known == attempts_.end()) {
        return;
    }
    const ToldAttempt& told = known->second;
    if (told.ids.size() > asking.count) {
        return;
    }
    for (std::size_t i = 0; i < told.ids.size(); ++i) {
        const Message& m = message(told.ids[i]);
        const bool surely_held = m.delivery == told.first + i && m.receipt == ReceiptIs::open &&
                                 m.exact && !m.judged && !m.damaged &&
                                 m.places == bit(asking.slot) && now.broker < m.not_before;
        if (!surely_held) {
            return;
        }
    }
    if (now.broker < told.until && receipt.first.value != told.first) {
        broken(told.ids.front(),
               "is held under " + asking.attempt + ", and that is given something else");
    }
}

void Model::remember_attempt(const Asking& asking, const dialogue::Receipt& receipt,
                             const std::vector<MessageId>& ids, Now now) {
    if (asking.attempt.empty()) {
        return;
    }
    ToldAttempt& told = attempts_[{asking.slot, asking.attempt}];
    if (told.first == receipt.first.value) {
        counters_.add(told.process == process_ ? Sometimes::attempt_told_again
                                               : Sometimes::attempt_told_after_restart,
                      !asking.repeated);
        return;
    }
    const Time leased = asking.repeated ? std::min(asking.first_asked, now.broker) : now.broker;
    told = {receipt.first.value, ids, leased + limits::kAttemptKept, process_};
}

// Whether it was told before, and is told once more to who asks again.
bool Model::tell_again(MessageId id, const Asking& asking, const dialogue::Delivery& delivery,
                       std::uint64_t number, Now now) {
    Message& m = message_mutable(id);
    const auto told = by_delivery_.find(number);
    if ((!asking.repeated && asking.attempt.empty()) || told == by_delivery_.end() ||
        told->second != id || m.delivery != number) {
        return false;
    }
    if (m.receipt == ReceiptIs::spent || m.places == kGone ||
        (m.exact && now.broker >= m.not_before) || delivery.receives < m.receives_least ||
        delivery.receives > m.receives_most) {
        broken(id, "a lease that is over is told again");
    }
    m.receipt = ReceiptIs::open;
    counters_.add(Sometimes::same_lease_again);
    if (asking.attempt.empty()) {
        return true;
    }
    // It is hidden from now on, as if it were given for the first time.
    const Millis hidden = std::chrono::seconds(queues_[asking.slot].rules.visibility_seconds);
    const Time until = now.broker + asking.visibility.value_or(hidden);
    m.not_before = asking.repeated ? std::min(m.not_before, until) : until;
    m.exact = m.exact && !asking.repeated;
    return true;
}

void Model::perhaps_told_again(const Asking& asking, Now now) {
    const auto known = attempts_.find({asking.slot, asking.attempt});
    if (asking.attempt.empty() || known == attempts_.end()) {
        return;
    }
    const Millis hidden = asking.visibility.value_or(asking.hidden_least);
    for (const MessageId id : known->second.ids) {
        Message& m = message_mutable(id);
        m.not_before = std::min(m.not_before, now.broker + hidden);
        m.exact = false;
    }
}

}  // namespace esteira::simulation

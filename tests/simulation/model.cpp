#include "tests/simulation/model.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "common/base/limits.hpp"

namespace esteira::simulation {

using Sent = Model::Message::Sent;
using ReceiptIs = Model::Message::ReceiptIs;

Model::Model(std::uint64_t broker_id, Counters& counters)
    : broker_id_(broker_id), counters_(counters) {}

void Model::broken(MessageId id, const std::string& what) {
    throw Violation("message " + std::to_string(id) + ": " + what);
}

// ------------------------------------------------------------------------- time and processes

std::uint32_t Model::new_session() {
    sessions_.push_back({});
    return static_cast<std::uint32_t>(sessions_.size());
}

void Model::session_seen(std::uint32_t session, Time now) { sessions_[session - 1].seen = now; }
void Model::session_works(std::uint32_t session) { sessions_[session - 1].works = true; }

void Model::process_started(Time now) {
    ++process_;
    for (SessionKnown& session : sessions_) {
        session.seen = now;
    }
    for (const MessageId id : live_) {
        message_mutable(id).started = false;  // Known to the process that died.
    }
}

void Model::turn_decided(Now now, std::uint32_t receiving) {
    receiving_ = receiving;
    std::erase_if(live_, [&](MessageId id) {
        Message& m = message_mutable(id);
        if (m.sent == Sent::no || (m.places == kGone && m.sent == Sent::yes)) {
            return true;
        }
        time_passes(m, now);
        return false;
    });
}

Millis Model::retention_least(Slot slot) const {
    const Known& known = queues_[slot];
    std::uint32_t seconds = known.rules.retention_seconds;
    if (known.perhaps) {
        seconds = std::min(seconds, known.perhaps->retention_seconds);
    }
    return std::chrono::seconds(seconds);
}

std::uint32_t Model::receives_allowed(Slot slot, const Rules& rules) {
    const bool may_be_buried = rules.dead_letters != kNoSlot && slot < kFirstDeadLetters;
    return may_be_buried && rules.max_receives != 0 ? rules.max_receives
                                                    : std::numeric_limits<std::uint32_t>::max();
}

void Model::perhaps_buried_by(const Rules& rules, Message& m) {
    if (rules.dead_letters == kNoSlot) {
        return;
    }
    const bool too_often = rules.max_receives != 0 && m.receives_most >= rules.max_receives;
    if (too_often || m.crashes_most >= limits::kCrashesBeforeBurial) {
        m.places |= bit(rules.dead_letters);
        m.exact = false;
        m.receipt = m.receipt == ReceiptIs::open ? ReceiptIs::unsure : m.receipt;
    }
}

void Model::time_passes(Message& m, Now now) {
    const bool hidden = now.broker < m.not_before;
    if (m.session != 0 && m.receipt != ReceiptIs::spent && (hidden || !m.exact)) {
        const SessionKnown& session = sessions_[m.session - 1];
        if (session.works && now.broker - session.seen > limits::kWorkerSilentMax) {
            m.crashes_most += m.started;
            m.started = false;  // It counts once a delivery.
            hand_back_perhaps(m, now.broker);
        }
    }
    if (now.broker < m.not_before) {
        return;
    }
    for (std::uint32_t slots = m.places & ~kGone; slots != 0; slots &= slots - 1) {
        const auto slot = static_cast<Slot>(std::countr_zero(slots));
        const Known& known = queues_[slot];
        if (m.oldest + retention_least(slot) <= now.wall) {
            m.places |= kGone;
            m.exact = false;
        }
        if ((receiving_ & bit(slot)) == 0) {
            continue;
        }
        perhaps_buried_by(known.rules, m);
        if (known.perhaps) {
            perhaps_buried_by(*known.perhaps, m);
        }
    }
}

// ------------------------------------------------------------------------------------- queues

void Model::queue_perhaps_set(Slot slot, const Rules& rules) { queues_[slot].perhaps = rules; }

void Model::queue_perhaps_gone(Slot slot) {
    queues_[slot].perhaps_gone = true;
    queues_[slot].removed_once = true;
}

void Model::queue_seen(Slot slot, const dialogue::Attributes* attributes) {
    Known& known = queues_[slot];
    if (attributes == nullptr) {
        if (known.there && !known.perhaps_gone) {
            broken(name_of(slot) + " is gone, and nobody removed it");
        }
        if (known.there) {
            emptied(slot, true);
        }
    } else {
        if (known.perhaps && known.perhaps->told_by(*attributes)) {
            known.by_group = known.there ? known.by_group : known.perhaps->by_group;
            known.rules = *known.perhaps;
        } else if (!known.there || !known.rules.told_by(*attributes)) {
            broken(name_of(slot) + (known.there ? " has settings that nobody gave it"
                                                : " is there, and nobody made it"));
        }
        known.there = true;
        const std::pair<std::string, std::string> scope{"DeduplicationScopeInForce",
                                                        known.by_group ? "messageGroup" : "queue"};
        if (is_fifo(slot) &&
            std::find(attributes->begin(), attributes->end(), scope) == attributes->end()) {
            broken(name_of(slot) + " deduplicates in another scope than it was made with");
        }
    }
    known.perhaps_gone = false;
    known.perhaps.reset();
}

void Model::emptied(Slot slot, bool removed) {
    ids_forgotten(slot, true);
    for (const MessageId id : live_) {
        Message& m = message_mutable(id);
        if ((m.places & bit(slot)) == 0) {
            continue;
        }
        m.places |= kGone;
        // One whose send was never answered may still be repeated, and be sent then; one that a
        // task moves in this very turn comes here afterwards.
        if (m.sent == Sent::yes) {
            m.places &= ~bit(slot);
            perhaps_moved(m);
        }
    }
    if (removed) {
        queues_[slot].there = queues_[slot].perhaps_gone = false;
        queues_[slot].removed_once = true;
    }
}

void Model::perhaps_emptied(Slot slot) {
    ids_forgotten(slot, false);
    for (const MessageId id : live_) {
        Message& m = message_mutable(id);
        if ((m.places & bit(slot)) != 0) {
            m.places |= kGone;
            m.receipt = m.receipt == ReceiptIs::open ? ReceiptIs::unsure : m.receipt;
        }
    }
}

// ------------------------------------------------------------------------------------ sending

Millis Model::delay_of(const Message& m) const {
    return m.delay.value_or(std::chrono::seconds(queues_[m.home].rules.delay_seconds));
}

MessageId Model::ask_to_send(Slot slot, Message message, Now now) {
    message.home = slot;
    message.places = bit(slot);
    message.first_asked = now.broker;
    message.oldest = now.wall;
    message.not_before = now.broker + delay_of(message);
    message.at = {slot, 0, ++step_, 0};
    messages_.push_back(std::move(message));
    const MessageId id = messages_.size();
    live_.push_back(id);
    if (is_fifo(slot) && messages_.back().dedup.empty() && messages_.back().content == 0) {
        messages_.back().content = id;
    }
    if (const MessageId content = messages_.back().content; content != 0) {
        same_body_[content].push_back(id);
    }
    return id;
}

MessageId Model::ask_to_publish(Message message, const std::vector<Slot>& subscribers, Now now) {
    std::vector<Slot> slots;
    for (const Slot slot : subscribers) {
        if (filter_matches(slot, message.with_attributes)) {
            slots.push_back(slot);
        }
    }
    // As the broker numbers them: what is visible first comes first.
    const auto delay_in = [&](Slot slot) {
        message.home = slot;
        return delay_of(message);
    };
    std::stable_sort(slots.begin(), slots.end(),
                     [&](Slot a, Slot b) { return delay_in(a) < delay_in(b); });
    const MessageId first = messages_.size() + 1;
    message.first_copy = first;
    message.copies = static_cast<std::uint32_t>(slots.size());
    for (const Slot slot : slots) {
        ask_to_send(slot, message, now);
    }
    if (slots.empty()) {
        ask_to_send(0, message, now);
        messages_.back().places = kGone;
    }
    return first;
}

std::vector<MessageId> Model::copies_of(MessageId id) const {
    const MessageId first = message(id).first_copy == 0 ? id : message(id).first_copy;
    std::vector<MessageId> copies;
    for (std::uint32_t i = 0; i < std::max(1U, message(first).copies); ++i) {
        copies.push_back(first + i);
    }
    return copies;
}

// The copy of a body that can be in a slot; the first one if none can.
MessageId Model::copy_in(MessageId body, Slot slot) const {
    for (const MessageId id : copies_of(body)) {
        const Slot home = message(id).home;
        if (home == slot || dead_letters_of_subscriber(home) == slot) {
            return id;
        }
    }
    return body;
}

void Model::asked_again(MessageId id, Now now) {
    for (const MessageId copy : copies_of(id)) {
        one_asked_again(copy, now);
    }
}

// It may have been sent then, or be sent now.
void Model::one_asked_again(MessageId id, Now now) {
    Message& m = message_mutable(id);
    m.exact = false;
    m.asked_once = false;
    // It may be sent now, whatever became of it then.
    std::erase_if(one_of_, [&](const auto& ids) {
        return std::find(ids.begin(), ids.end(), id) != ids.end();
    });
    m.not_before = std::min(m.not_before, now.broker + delay_of(m));
    if (m.sent == Sent::no) {  // Refused then; a request that did nothing is carried out again.
        m.sent = Sent::perhaps;
        std::erase(live_, id);
        live_.push_back(id);
    }
    m.oldest = std::min(m.oldest, now.wall);
}

void Model::sent(MessageId id, std::uint64_t number) { answered_send(id, number, {}, {}); }

void Model::one_sent(MessageId id, std::uint64_t number) {
    Message& m = message_mutable(id);
    if (m.sent == Sent::no) {
        broken(id, "was refused, and is answered as sent now");
    }
    m.sent = Sent::yes;
    one_of_them_told(id);
    if (m.at.slot == m.home && m.at.came_by == 0) {
        m.at.came_by = ++step_;
    }
    if (number == 0) {
        return;
    }
    newest_number_ = std::max(newest_number_, number);
    const auto [at, fresh] = by_number_.emplace(number, id);
    if (!fresh && at->second != id) {
        broken(id, "has the number " + std::to_string(number) + " of another message");
    }
    if (m.number != 0 && m.number != number && !m.ever_redriven) {
        broken(id, "was sent as " + std::to_string(m.number) + " and as " + std::to_string(number));
    }
    m.number = m.number == 0 ? number : m.number;
}

// ------------------------------------------------------------------------------------ looking

void Model::damaged(MessageId id) {
    std::vector<MessageId> all = copies_of(body_of(id));
    if (const auto others = same_body_.find(all.front()); others != same_body_.end()) {
        all.insert(all.end(), others->second.begin(), others->second.end());
    }
    for (const MessageId each : all) {
        message_mutable(each).damaged = true;
        message_mutable(each).places |= kGone;
    }
}

void Model::peeked(Slot slot, const Told& told, bool visible, Time now) {
    const MessageId id = expect_known(told, slot);
    const Message& m = message(id);
    if (m.sent == Sent::no || (m.places & bit(slot)) == 0) {
        broken(id, "is shown in " + name_of(slot) + ", where it cannot be");
    }
    if (visible && now < m.not_before) {
        broken(id, "is shown as visible while it must be hidden");
    }
}

void Model::check_counts(const std::array<std::optional<std::uint64_t>, kSlots>& messages) const {
    std::array<std::uint64_t, kSlots> least{};
    std::array<std::uint64_t, kSlots> most{};
    for (const MessageId id : live_) {
        const Message& m = message(id);
        const bool sure = m.sent == Sent::yes && std::has_single_bit(m.places);
        for (std::uint32_t slots = m.places & ~kGone; slots != 0; slots &= slots - 1) {
            const auto slot = static_cast<Slot>(std::countr_zero(slots));
            least[slot] += sure;
            most[slot] += m.sent != Sent::no;
        }
    }
    for (Slot slot = 0; slot < kSlots; ++slot) {
        const std::uint64_t count = messages[slot].value_or(0);
        if (count < least[slot] || count > most[slot]) {
            std::string sure;
            for (const MessageId id : live_) {
                const bool here = message(id).sent == Sent::yes && message(id).places == bit(slot);
                sure += here ? " " + std::to_string(id) : std::string();
            }
            broken(name_of(slot) + " holds " + std::to_string(count) + " messages; it must be " +
                   std::to_string(least[slot]) + " to " + std::to_string(most[slot]) +
                   ", surely these:" + sure);
        }
    }
}

void Model::check_drained() const {
    for (MessageId id = 1; id <= messages_.size(); ++id) {
        const Message& m = message(id);
        if (m.sent == Sent::yes && (m.places & kGone) == 0) {
            broken(id, "was promised and is lost; it was sent to " + name_of(m.home));
        }
    }
    for (const auto& ids : one_of_) {
        const bool missing = std::all_of(ids.begin(), ids.end(), [&](MessageId id) {
            return message(id).sent != Sent::yes && (message(id).places & kGone) == 0;
        });
        if (missing) {
            broken(ids.back(), "was promised, or one of the same deduplication id, and is lost");
        }
    }
}

}  // namespace esteira::simulation

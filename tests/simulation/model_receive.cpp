// What receivers are told, held against what they were told before.
#include <algorithm>

#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "tests/simulation/model.hpp"

namespace esteira::simulation {

using Sent = Model::Message::Sent;
using ReceiptIs = Model::Message::ReceiptIs;

namespace {

bool has_its_attributes(MessageId id, bool with, std::span<const std::byte> block) {
    if (!with) {
        return block.empty();
    }
    const std::string value = std::to_string(id);
    const Attribute attribute{"id", "Number", as_bytes(value)};
    const auto mine = pack_attributes(std::span(&attribute, 1));
    return std::equal(block.begin(), block.end(), mine.begin(), mine.end());
}

std::string text(Time t) { return std::to_string(t.time_since_epoch().count()); }

}  // namespace

MessageId Model::expect_known(const Told& told, Slot slot) const {
    const MessageId id = id_in_body(told.body);
    if (id == 0 || id > messages_.size()) {
        broken("a body is told of " + name_of(slot) + " that nobody sent");
    }
    if (told.body.size() != message(id).bytes || !is_body_of(id, told.body)) {
        broken(id, "is told of " + name_of(slot) + " with a changed body");
    }
    return message(id).first_copy == 0 ? with_body_of(id, told, slot) : copy_in(id, slot);
}

// Several messages may have been sent with one body. They are known by their numbers, all but one
// of them (may_repeat_body); those that moved by their origins.
MessageId Model::with_body_of(MessageId content, const Told& told, Slot slot) const {
    const auto others = same_body_.find(content);
    if (others == same_body_.end()) {
        return content;
    }
    const auto known = by_number_.find(told.number);
    if (known != by_number_.end() && body_of(known->second) == content) {
        return known->second;
    }
    MessageId perhaps = content;
    for (const MessageId id : others->second) {
        const Message& m = message(id);
        if (m.sent == Sent::no || (m.places & bit(slot)) == 0) {
            continue;
        }
        if (m.number == 0) {
            perhaps = id;
        } else if (m.perhaps_redriven && !told.origin.empty() &&
                   (told.origin == m.origin ||
                    told.origin == dialogue::message_id(broker_id_, MessageNumber{m.number}))) {
            return id;
        }
    }
    return perhaps;
}

void Model::check_delivery(MessageId id, const Message& m, const Asking& asking,
                           const dialogue::Delivery& delivery, Now now) const {
    if (m.sent == Sent::no) {
        broken(id, "was refused and is delivered");
    }
    if ((m.places & bit(asking.slot)) == 0) {
        broken(id, m.places == kGone
                       ? "was deleted and is delivered again"
                       : "is delivered in " + name_of(asking.slot) + ", where it cannot be");
    }
    if (!has_its_attributes(body_of(id), m.with_attributes, delivery.attributes)) {
        broken(id, "is delivered with other attributes");
    }
    if (now.broker < m.not_before) {
        broken(id, "is delivered at " + text(now.broker) + ", hidden until " + text(m.not_before));
    }
    const Millis retention = std::chrono::seconds(queues_[asking.slot].rules.retention_seconds);
    // A lease whose answer was lost is told again while it runs, whatever has expired since: one in
    // flight expires when it is back.
    if (delivery.sent_at <= std::min(now.wall - retention, asking.sent_after)) {
        broken(id, "is delivered though it has expired");
    }
    const bool first_record = !m.perhaps_redriven || delivery.number.value == m.number;
    if (first_record && m.asked_once && !m.ever_redriven && delivery.sent_at != m.oldest) {
        broken(id, "is delivered with another send time");
    }
    if (delivery.receives < m.receives_least + 1 || delivery.receives > m.receives_most + 1) {
        broken(id, "receive count " + std::to_string(delivery.receives) + ", expected " +
                       std::to_string(m.receives_least + 1) + " to " +
                       std::to_string(m.receives_most + 1));
    }
    if (delivery.crashes > m.crashes_most) {
        broken(id, "counts more crashes than there can have been");
    }
    const std::uint32_t allowed = receives_allowed(asking.slot, queues_[asking.slot].rules);
    if (delivery.receives > std::max(allowed, asking.receives_most)) {
        broken(id, "is delivered more often than its queue allows");
    }
    if (first_record && m.first_received && *m.first_received != delivery.first_received_at) {
        broken(id, "was first received at another time");
    }
    check_story(id, m, asking.slot, delivery);
}

void Model::check_story(MessageId id, const Message& m, Slot slot,
                        const dialogue::Delivery& delivery) const {
    const std::string number_before =
        m.number == 0 ? std::string() : dialogue::message_id(broker_id_, MessageNumber{m.number});
    const bool moved_origin = m.ever_redriven && m.origin.empty() &&
                              (number_before.empty() || delivery.origin == number_before);
    const bool of_several = m.first_copy != 0 && message(m.first_copy).copies > 1;
    if (delivery.origin != m.origin && !moved_origin && !(of_several && m.origin.empty())) {
        broken(id, "has the origin '" + std::string(delivery.origin) + "'");
    }
    // Every receive before this one has ended somehow, and stands in the story.
    const History history = unpack_history(delivery.history).value_or(History{});
    if (history.total + 1 < delivery.receives) {
        broken(id, "was received " + std::to_string(delivery.receives) +
                       " times, and its story knows of " + std::to_string(history.total) +
                       " attempts before");
    }
    if (slot == m.home || m.delivered_in == slot || m.ever_redriven) {
        return;
    }
    if (delivery.reason.empty() ||
        (!m.burial_reason.empty() && delivery.reason != m.burial_reason)) {
        broken(id, "was buried with the reason '" + std::string(delivery.reason) + "'");
    }
    if (history.buried_by == BuriedBy::nobody || history.buried_at == WallTime{}) {
        broken(id, "does not tell when it was buried");
    }
    if (!queues_[m.home].removed_once && delivery.source != name_of(m.home)) {
        broken(id, "was buried from '" + std::string(delivery.source) + "'");
    }
}

// All copies say what they are copies of, and say the same.
void Model::check_origin_of_copy(MessageId id, const Message& m,
                                 const dialogue::Delivery& delivery) {
    if (m.first_copy == 0 || message(m.first_copy).copies < 2 || !m.origin.empty()) {
        return;
    }
    // A FIFO queue that knows it has no part in it: then the other one may be alone.
    const auto copies = copies_of(id);
    const bool perhaps_alone = std::any_of(
        copies.begin(), copies.end(), [&](MessageId copy) { return is_fifo(message(copy).home); });
    if (perhaps_alone && delivery.origin.empty()) {
        return;
    }
    Message& first = message_mutable(m.first_copy);
    const std::string published =
        first.number == 0 || first.ever_redriven || !first.asked_once
            ? std::string()
            : dialogue::message_id(broker_id_, MessageNumber{first.number});
    const bool other = !first.told_origin.empty() && delivery.origin != first.told_origin;
    const bool wrong = !published.empty() && delivery.origin != published;
    if (delivery.origin.empty() || other || wrong) {
        broken(id, "has the origin '" + std::string(delivery.origin) + "', its publication '" +
                       (first.told_origin.empty() ? published : first.told_origin) + "'");
    }
    first.told_origin = delivery.origin;
}

// A redriven message is a new one with the origin of the old.
void Model::take_number(MessageId id, Message& m, Slot slot, const dialogue::Delivery& delivery) {
    const std::uint64_t number = delivery.number.value;
    const auto [at, fresh] = by_number_.emplace(number, id);
    if (!fresh && at->second != id) {
        broken(id, "is delivered with the number of another message");
    }
    if (m.number != 0 && number != m.number) {
        if (!m.perhaps_redriven) {
            broken(id, "is delivered as number " + std::to_string(number) + ", was " +
                           std::to_string(m.number));
        }
        m.first_received.reset();
        m.oldest = delivery.sent_at;
        m.origin = delivery.origin;
        m.home = slot < kFirstDeadLetters ? slot : m.home;
    }
    m.origin = delivery.origin;
    m.number = number;
    m.perhaps_redriven = false;
}

void Model::check_delivery_number(MessageId id, const Asking& asking, std::uint64_t number) {
    const auto [at, fresh] = by_delivery_.emplace(number, id);
    if (!fresh) {
        broken(id, "delivery number " + std::to_string(number) + " is used again; it was message " +
                       std::to_string(at->second) + "'s");
    }
    if (number < newest_delivery_ && !asking.repeated) {
        broken(id, "delivery number " + std::to_string(number) + " is not above " +
                       std::to_string(newest_delivery_));
    }
    newest_delivery_ = std::max(newest_delivery_, number);
}

void Model::delivered(MessageId id, Message& m, const Asking& asking,
                      const dialogue::Delivery& delivery, std::uint64_t number, Now now) {
    if (m.delivery != 0) {
        counters_.add(Sometimes::delivered_again);
    }
    const Millis hidden = std::chrono::seconds(queues_[asking.slot].rules.visibility_seconds);
    const Millis visibility = asking.visibility.value_or(std::min(hidden, asking.hidden_least));
    const bool perhaps_before = asking.repeated;
    if (asking.slot != m.home && m.delivered_in != asking.slot && !m.ever_redriven) {
        const bool crashed = delivery.reason.starts_with("worker_crash");
        const bool counted = delivery.reason.starts_with("max_receives");
        counters_.add(Sometimes::buried_for_its_crashes, crashed);
        counters_.add(Sometimes::buried_for_its_count, counted);
    }
    check_origin_of_copy(id, m, delivery);
    const bool moved = m.perhaps_redriven || m.at.slot != asking.slot;
    take_number(id, m, asking.slot, delivery);
    take_place(m, asking.slot, delivery, moved);
    m.sent = Sent::yes;
    one_of_them_told(id);
    m.places = bit(asking.slot) | (m.damaged ? kGone : 0);
    // A broker that died before it wrote anything begins again at an earlier broker time.
    m.not_before =
        (perhaps_before ? std::min(asking.first_asked, now.broker) : now.broker) + visibility;
    m.exact = !perhaps_before;
    m.first_received = delivery.first_received_at;
    m.receives_least = m.receives_most = delivery.receives;
    m.crashes_most = delivery.crashes;
    m.delivery = number;
    m.receipt = ReceiptIs::open;
    m.session = asking.session;
    m.started = m.judged = false;
    m.burial_reason.clear();
    m.delivered_in = asking.slot;
    perhaps_moved(m);
}

std::vector<MessageId> Model::received(const Asking& asking, const dialogue::ReceiveReply& reply,
                                       Now now) {
    if (reply.messages.size() != reply.receipt.count || reply.messages.size() > asking.count) {
        broken("a receive is answered with " + std::to_string(reply.messages.size()) +
               " messages for a receipt of " + std::to_string(reply.receipt.count));
    }
    check_window(asking, reply, now);
    check_attempt(asking, reply.receipt, now);
    std::vector<MessageId> ids;
    for (std::size_t i = 0; i < reply.messages.size(); ++i) {
        const dialogue::Delivery& delivery = reply.messages[i];
        const std::uint64_t number = reply.receipt.first.value + i;
        const MessageId id =
            expect_known({delivery.body, delivery.number.value, delivery.origin}, asking.slot);
        Message& m = message_mutable(id);
        ids.push_back(id);
        if (tell_again(id, asking, delivery, number, now)) {
            continue;
        }
        check_may_lease(id, asking);
        time_passes(m, now);  // An earlier answer of this turn may have let something happen.
        check_delivery(id, m, asking, delivery, now);
        check_group(id, m, asking.slot, delivery);
        check_delivery_number(id, asking, number);
        const bool alone = asking.slot == m.home && !m.ever_redriven &&
                           delivery.crashes >= limits::kCrashesBeforeAlone;
        if (alone && reply.messages.size() != 1) {
            broken(id, "took its workers down and is not delivered alone");
        }
        delivered(id, m, asking, delivery, number, now);
    }
    if (is_fifo(asking.slot)) {
        check_order(ids, asking.slot, reply.receipt, now);
    }
    remember_attempt(asking, reply.receipt, ids, now);
    return ids;
}

bool Model::may_be_buried(const Message& m, Slot slot) const {
    const Rules& rules = queues_[slot].rules;
    return rules.dead_letters != kNoSlot &&
           ((rules.max_receives != 0 && m.receives_most >= rules.max_receives) ||
            m.crashes_most >= limits::kCrashesBeforeBurial);
}

void Model::received_nothing(Slot slot, std::uint32_t min, Now now) const {
    std::uint32_t there = 0;
    for (const MessageId id : live_) {
        const Message& m = message(id);
        const bool surely_here = m.sent == Sent::yes && m.places == bit(slot) && m.exact &&
                                 m.receipt != ReceiptIs::unsure && now.broker >= m.not_before &&
                                 m.oldest + retention_least(slot) > now.wall;
        if (!surely_here || may_be_buried(m, slot) || held_back(id, slot, now)) {
            continue;
        }
        if (may_pause_receives(slot)) {
            return counters_.add(Sometimes::held_while_paused);
        }
        if (++there >= min) {
            broken(id, "is visible in " + name_of(slot) + " since " + text(m.not_before) +
                           ", received " + std::to_string(m.receives_most) +
                           " times, and a receive of at least " + std::to_string(min) +
                           " got nothing");
        }
    }
}

void Model::perhaps_received(Asking& asking, Now now) {
    const Known& known = queues_[asking.slot];
    for (const Rules& rules : {known.rules, known.perhaps.value_or(known.rules)}) {
        const WallTime expired = now.wall - std::chrono::seconds(rules.retention_seconds);
        const Millis hidden = std::chrono::seconds(rules.visibility_seconds);
        asking.sent_after = std::min(asking.sent_after, expired);
        asking.hidden_least = std::min(asking.hidden_least, hidden);
        asking.receives_most = std::max(asking.receives_most, receives_allowed(asking.slot, rules));
    }
    for (const MessageId id : live_) {
        Message& m = message_mutable(id);
        if ((m.places & bit(asking.slot)) == 0 || now.broker < m.not_before) {
            continue;
        }
        ++m.receives_most;
        m.exact = false;
        m.receipt = m.receipt == ReceiptIs::open ? ReceiptIs::unsure : m.receipt;
    }
    perhaps_told_again(asking, now);
}

void Model::beat(const std::vector<MessageId>& started) {
    for (const MessageId id : started) {
        message_mutable(id).started = true;
    }
}

}  // namespace esteira::simulation

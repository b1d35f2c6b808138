// Groups: who stands before whom, and what a FIFO queue may hand out.
#include <algorithm>
#include <limits>

#include "tests/simulation/model.hpp"

namespace esteira::simulation {

using Sent = Model::Message::Sent;
using ReceiptIs = Model::Message::ReceiptIs;

// 0: it is not known. A message that never moved has its own number.
std::uint64_t Model::sequence_of(const Message& m, Slot slot) const {
    if (m.perhaps_redriven) {
        return 0;
    }
    if (m.at.slot == slot && m.at.sequence != 0) {
        return m.at.sequence;
    }
    return m.home == slot && !m.ever_redriven ? m.number : 0;
}

bool Model::surely_before(const Message& a, const Message& b, Slot slot) const {
    const std::uint64_t mine = sequence_of(a, slot);
    const std::uint64_t other = sequence_of(b, slot);
    if (mine != 0 && other != 0) {
        return mine < other;
    }
    const bool both_here =
        a.at.slot == slot && b.at.slot == slot && !a.perhaps_redriven && !b.perhaps_redriven;
    return both_here && a.at.came_by != 0 && a.at.came_by < b.at.came_after;
}

void Model::came_surely(Message& m, Slot slot) {
    ++step_;
    m.at = {slot, 0, step_, step_};
    counters_.add(Sometimes::buried_in_order, is_fifo(slot));
}

void Model::check_group(MessageId id, const Message& m, Slot slot,
                        const dialogue::Delivery& delivery) {
    if (delivery.group != m.group) {
        broken(id, "is delivered in the group '" + std::string(delivery.group) + "'");
    }
    if (!is_fifo(slot)) {
        counters_.add(Sometimes::delivered_to_tenant, !m.group.empty());
        if (delivery.sequence != 0 || !delivery.dedup.empty()) {
            broken(id, "is delivered by a standard queue as if it were in order");
        }
        return;
    }
    const std::uint64_t before = sequence_of(m, slot);
    if (delivery.sequence == 0 || (before != 0 && before != delivery.sequence)) {
        broken(id, "has the sequence number " + std::to_string(delivery.sequence) + ", had " +
                       std::to_string(before));
    }
    const bool moved = m.home != slot || m.ever_redriven;
    if (moved) {
        return;
    }
    if (!m.dedup.empty() && delivery.dedup != m.dedup) {
        broken(id, "has the deduplication id '" + std::string(delivery.dedup) + "'");
    }
    if (m.dedup.empty()) {
        constexpr std::size_t kSha256Digits = 64;
        const auto told = told_ids_.emplace(body_of(id), delivery.dedup).first;
        if (told->second != delivery.dedup || delivery.dedup.size() != kSha256Digits) {
            broken(id, "has another deduplication id than its body had before");
        }
    }
}

void Model::take_place(Message& m, Slot slot, const dialogue::Delivery& delivery, bool moved) {
    if (moved) {
        m.at = {slot, 0, 0, ++step_};
    }
    m.at.sequence = delivery.sequence;
}

// After a receive: in each group it went on where it had to, and passed nobody over.
void Model::check_order(const std::vector<MessageId>& ids, Slot slot,
                        const dialogue::Receipt& receipt, Now now) {
    std::map<std::string_view, MessageId> newest;
    for (const MessageId id : ids) {
        const Message& m = message(id);
        const auto [before, first] = newest.emplace(m.group, id);
        if (!first && message(before->second).at.sequence >= m.at.sequence) {
            broken(id, "is delivered behind message " + std::to_string(before->second) +
                           ", which was sent later");
        }
        before->second = id;
    }
    for (const MessageId id : live_) {
        Message& m = message_mutable(id);
        if ((m.places & bit(slot)) != 0) {
            time_passes(m, now);  // This receive may have buried it.
        }
        if (m.sent != Sent::yes || m.places != bit(slot)) {
            continue;
        }
        const auto group = newest.find(m.group);
        if (group == newest.end()) {
            counters_.add(Sometimes::group_locked,
                          m.receipt == ReceiptIs::open && now.broker < m.not_before);
            continue;
        }
        const bool told =
            m.delivery >= receipt.first.value && m.delivery < receipt.first.value + receipt.count;
        if (!told && surely_before(m, message(group->second), slot)) {
            broken(id, "of the group " + m.group + " is there, and message " +
                           std::to_string(group->second) + " behind it is delivered");
        }
    }
}

// Whether something may stand before it that is not to be had now.
bool Model::held_back(MessageId id, Slot slot, Now now) const {
    if (!is_fifo(slot)) {
        return false;
    }
    const Message& m = message(id);
    return std::any_of(live_.begin(), live_.end(), [&](MessageId other) {
        const Message& o = message(other);
        if (other == id || o.group != m.group || o.sent == Sent::no ||
            (o.places & bit(slot)) == 0 || surely_before(m, o, slot)) {
            return false;
        }
        const bool to_be_had = o.exact && o.receipt != ReceiptIs::unsure &&
                               now.broker >= o.not_before && !may_be_buried(o, slot);
        return !to_be_had;
    });
}

// A shorter delay of a FIFO queue holds for what waits there as well.
void Model::delay_cut(Slot slot, std::uint32_t seconds, Time now, bool surely) {
    if (!is_fifo(slot)) {
        return;
    }
    const Time latest = now + std::chrono::seconds(seconds);
    for (const MessageId id : live_) {
        Message& m = message_mutable(id);
        if ((m.places & bit(slot)) == 0 || m.delivered_in == slot || m.not_before <= latest) {
            continue;
        }
        counters_.add(Sometimes::delay_cut, surely);
        m.not_before = latest;
        m.exact = m.exact && surely && m.places == bit(slot);
        perhaps_moved(m);
    }
}

}  // namespace esteira::simulation

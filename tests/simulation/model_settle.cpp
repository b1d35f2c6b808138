// What becomes of a delivery: verdicts that were answered, and those that perhaps took effect.
#include <algorithm>

#include "common/base/limits.hpp"
#include "tests/simulation/model.hpp"

namespace esteira::simulation {

using dialogue::Code;
using dialogue::Verdict;
using Sent = Model::Message::Sent;
using ReceiptIs = Model::Message::ReceiptIs;

void Model::loosen(Message& m, Time visible) {
    m.not_before = std::min(m.not_before, visible);
    m.exact = false;
    m.receipt = m.receipt == ReceiptIs::open ? ReceiptIs::unsure : m.receipt;
}

void Model::hand_back_perhaps(Message& m, Time now) {
    m.receives_least -= m.receives_least > 0;
    loosen(m, now);
}

Model::Standing Model::standing(const Judgement& judgement, std::uint32_t i) const {
    const Message& m = message(judgement.delivered[judgement.index + i]);
    const std::uint64_t number = judgement.receipt.first.value + judgement.index + i;
    if ((m.places & bit(judgement.slot)) == 0 || m.delivery != number ||
        m.receipt == ReceiptIs::spent) {
        return Standing::stale;
    }
    const bool surely_here = m.places == bit(judgement.slot);
    return m.receipt == ReceiptIs::open && surely_here ? Standing::good : Standing::unsure;
}

// A FIFO queue takes no verdict of who is too late.
Model::Standing Model::standing(const Judgement& judgement, std::uint32_t i, Time now) const {
    const Message& m = message(judgement.delivered[judgement.index + i]);
    const Standing is = standing(judgement, i);
    if (!is_fifo(judgement.slot) || is == Standing::stale || now < m.not_before) {
        return is;
    }
    return m.exact ? Standing::stale : Standing::unsure;
}

// The least that the queue's backoff may come to: half of base * 2^(receives - 1), at most the
// maximum.
Millis Model::backoff_least(Slot slot, const Message& m) const {
    const Rules& rules = queues_[slot].rules;
    const std::uint32_t failures = std::max(m.receives_least, 1U) - 1;
    std::uint64_t wait = rules.retry_base_ms;
    for (std::uint32_t i = 0; i < failures && wait < rules.retry_max_ms; ++i) {
        wait *= 2;
    }
    // In a dead-letter queue the count goes on from before, the backoff does not.
    const std::uint64_t base = slot >= kFirstDeadLetters ? rules.retry_base_ms : wait;
    return Millis{static_cast<std::int64_t>(std::min<std::uint64_t>(base, rules.retry_max_ms) / 2)};
}

Time Model::retry_at(const Judgement& judgement, const Message& m, Time now) const {
    return now + judgement.delay.value_or(backoff_least(judgement.slot, m));
}

void Model::take_effect(const Judgement& judgement, Message& m, Time now) {
    m.judged = true;
    switch (judgement.verdict) {
        case Verdict::done:
            m.places = kGone;
            m.receipt = ReceiptIs::spent;
            return;
        case Verdict::retry:
            m.not_before = retry_at(judgement, m, now);
            m.exact = judgement.delay.has_value();
            break;
        case Verdict::dead:
            m.places = bit(queues_[judgement.slot].rules.dead_letters) | (m.places & kGone);
            came_surely(m, queues_[judgement.slot].rules.dead_letters);
            m.not_before = now;
            m.exact = true;
            m.burial_reason = judgement.reason;
            counters_.add(Sometimes::buried_by_verdict);
            break;
        case Verdict::hand_back:
            m.receives_least -= m.receives_least > 0;
            m.receives_most -= m.receives_most > 0;
            m.not_before = now;
            m.exact = true;
            counters_.add(Sometimes::handed_back);
            break;
        case Verdict::visibility:
            m.not_before = now + judgement.delay.value_or(Millis{0});
            m.exact = true;
            perhaps_moved(m);
            return;
    }
    m.receipt = ReceiptIs::spent;
    perhaps_moved(m);
}

// Also as they were perhaps set.
std::vector<Slot> Model::dead_letters_of(Slot slot) const {
    std::vector<Slot> slots;
    const Known& known = queues_[slot];
    if (known.rules.dead_letters != kNoSlot) {
        slots.push_back(known.rules.dead_letters);
    }
    if (known.perhaps && known.perhaps->dead_letters != kNoSlot) {
        slots.push_back(known.perhaps->dead_letters);
    }
    return slots;
}

void Model::perhaps_take_effect(const Judgement& judgement, Message& m, Time now) {
    m.judged = true;
    switch (judgement.verdict) {
        case Verdict::done:
            m.places |= kGone;
            loosen(m, m.not_before);
            return;
        case Verdict::retry:
            loosen(m, retry_at(judgement, m, now));
            perhaps_moved(m);
            return;
        case Verdict::dead:
            for (const Slot dead : dead_letters_of(judgement.slot)) {
                m.places |= bit(dead);
            }
            loosen(m, now);
            perhaps_moved(m);
            return;
        case Verdict::hand_back:
            hand_back_perhaps(m, now);
            perhaps_moved(m);
            return;
        case Verdict::visibility:
            m.not_before = std::min(m.not_before, now + judgement.delay.value_or(Millis{0}));
            m.exact = false;
            perhaps_moved(m);
            return;
    }
}

void Model::settle_sends(const Judgement& judgement, bool done, Time first, Time last) {
    for (const auto& [slot, id] : judgement.sends) {
        if (done) {
            counters_.add(Sometimes::sent_on);
            answered_send(id, 0, first, last);
        } else {
            not_sent(id);
        }
    }
}

void Model::settled(const Judgement& judgement, Code code, Now now) {
    std::uint32_t stale = 0;
    std::uint32_t good = 0;
    for (std::uint32_t i = 0; i < judgement.count; ++i) {
        // An earlier answer of this turn may have let it be buried.
        time_passes(message_mutable(judgement.delivered[judgement.index + i]), now);
        const Standing is = standing(judgement, i, now.broker);
        stale += is == Standing::stale;
        good += is == Standing::good;
        counters_.add(Sometimes::late_receipt_refused,
                      code == Code::receipt_stale && is == Standing::stale &&
                          standing(judgement, i) == Standing::good);
    }
    const MessageId first = judgement.delivered[judgement.index];
    if (code == Code::ok && stale > 0) {
        broken(first, "a stale receipt was taken");
    }
    if (code == Code::receipt_stale && good == judgement.count) {
        broken(first, "a good receipt was called stale");
    }
    const bool no_dead_letters = queues_[judgement.slot].rules.dead_letters == kNoSlot ||
                                 !queues_[queues_[judgement.slot].rules.dead_letters].there;
    if (code == Code::conflict && (judgement.verdict != Verdict::dead || !no_dead_letters)) {
        broken(first, "a conflict without a reason");
    }
    std::vector<MessageId> sends;
    for (const auto& [slot, id] : judgement.sends) {
        sends.push_back(id);
    }
    if (code == Code::paused) {
        check_sends_paused(sends);
    } else if (code == Code::ok) {
        check_sends_go(sends);
    }
    settle_sends(judgement, code == Code::ok, now.broker, now.broker);
    const bool partly =
        code == Code::queue_full && judgement.verdict == Verdict::dead && judgement.sends.empty();
    for (std::uint32_t i = 0; i < judgement.count; ++i) {
        Message& m = message_mutable(judgement.delivered[judgement.index + i]);
        const Standing is = standing(judgement, i, now.broker);
        if (is == Standing::stale) {
            continue;
        }
        if (code == Code::ok || (code == Code::receipt_stale && is == Standing::good)) {
            take_effect(judgement, m, now.broker);
        } else if (partly || code == Code::receipt_stale) {
            perhaps_take_effect(judgement, m, now.broker);
        }
    }
}

void Model::settled_late(const Judgement& judgement, Code code, Time first_asked, Time now) {
    settle_sends(judgement, code == Code::ok, first_asked, now);
    for (std::uint32_t i = 0; i < judgement.count; ++i) {
        const MessageId id = judgement.delivered[judgement.index + i];
        Message& m = message_mutable(id);
        const std::uint64_t number = judgement.receipt.first.value + judgement.index + i;
        if (judgement.verdict == Verdict::done && code == Code::ok) {
            if (m.delivery != number) {
                broken(id, "was deleted, and delivered between that and the answer");
            }
            m.places = kGone;
            m.receipt = ReceiptIs::spent;
        } else if (m.delivery == number && m.receipt != ReceiptIs::spent) {
            perhaps_take_effect(judgement, m, first_asked);
            perhaps_take_effect(judgement, m, now);
        }
    }
}

void Model::perhaps_settled(const Judgement& judgement, Time now) {
    for (const auto& [slot, id] : judgement.sends) {
        perhaps_sent(id, now);
    }
    for (std::uint32_t i = 0; i < judgement.count; ++i) {
        if (standing(judgement, i, now) != Standing::stale) {
            perhaps_take_effect(judgement,
                                message_mutable(judgement.delivered[judgement.index + i]), now);
        }
    }
}

void Model::left(std::uint32_t session, Time now, bool surely) {
    for (const MessageId id : live_) {
        Message& m = message_mutable(id);
        if (m.session != session || m.receipt == ReceiptIs::none || m.receipt == ReceiptIs::spent ||
            (m.exact && now >= m.not_before)) {
            continue;
        }
        const bool one_place = (m.places & (m.places - 1)) == 0;
        if (!surely || !m.exact || m.receipt != ReceiptIs::open || !one_place) {
            hand_back_perhaps(m, now);
            continue;
        }
        m.receives_least -= m.receives_least > 0;
        m.receives_most -= m.receives_most > 0;
        m.not_before = now;
        m.receipt = ReceiptIs::spent;
        perhaps_moved(m);
    }
}

void Model::undelivered(Slot slot, const dialogue::Receipt& receipt,
                        const std::vector<MessageId>& delivered, Time now, bool surely) {
    Judgement back{slot, receipt, delivered, 0, receipt.count, Verdict::hand_back, {}, {}, {}};
    for (std::uint32_t i = 0; i < receipt.count; ++i) {
        Message& m = message_mutable(delivered[i]);
        const Standing is = standing(back, i);
        if (is == Standing::stale) {
            continue;
        }
        if (surely && is == Standing::good) {
            take_effect(back, m, now);
        } else {
            hand_back_perhaps(m, now);
        }
    }
}

void Model::moves_now(std::vector<Moving> moves, Now now) {
    moves_now_ = std::move(moves);
    moves_at_ = now;
    for (const MessageId id : live_) {
        perhaps_moved(message_mutable(id));
    }
}

void Model::perhaps_moved(Message& m) {
    for (const Moving& moving : moves_now_) {
        const bool meant = moving.with_attributes.value_or(m.with_attributes) == m.with_attributes;
        if ((m.places & bit(moving.from)) == 0 || moves_at_.broker < m.not_before || !meant) {
            continue;
        }
        if (moving.drops) {
            m.places |= kGone;
            m.receipt = m.receipt == ReceiptIs::open ? ReceiptIs::unsure : m.receipt;
            continue;
        }
        // Without a target, each goes to the queue that it was buried in.
        for (Slot slot = 0; slot < kSlots; ++slot) {
            const bool source = slot < kFirstDeadLetters && queues_[slot].there &&
                                is_fifo(slot) == is_fifo(moving.from);
            if (moving.target == slot || (moving.target == kNoSlot && source)) {
                m.places |= bit(slot);
            }
        }
        if (is_fifo(m.home)) {
            keep_number(m);
        }
        m.perhaps_redriven = m.ever_redriven = true;
        m.receives_least = 0;
        m.oldest = std::min(m.oldest, moves_at_.wall);  // It is sent anew.
        loosen(m, moves_at_.broker);
    }
}

}  // namespace esteira::simulation

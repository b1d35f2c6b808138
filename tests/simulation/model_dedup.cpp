// Deduplication: which ids a FIFO queue has to know, may know, and cannot know.
#include <algorithm>

#include "common/base/limits.hpp"
#include "tests/simulation/model.hpp"

namespace esteira::simulation {

using Sent = Model::Message::Sent;
using Came = Model::Came;

Model::DedupKey Model::dedup_key(const Message& m) const {
    std::string key = queues_[m.home].by_group ? m.group : std::string();
    key += ' ';
    key += m.dedup.empty() ? "body of " + std::to_string(m.content) : m.dedup;
    return {m.home, std::move(key)};
}

std::uint64_t Model::number_of(const KnownId& known) const {
    if (known.number != 0 || known.id == 0) {
        return known.number;
    }
    const Message& m = message(known.id);
    return m.ever_redriven ? 0 : m.number;
}

// Its number may be another one from here on; what it was sent as stays known.
void Model::keep_number(const Message& m) {
    for (KnownId& known : known_ids_[dedup_key(m)]) {
        if (known.id != 0 && &message(known.id) == &m) {
            known.number = number_of(known);
        }
    }
}

void Model::not_sent(MessageId id) {
    for (const MessageId copy : copies_of(id)) {
        one_not_sent(copy);
    }
}

void Model::one_not_sent(MessageId id) {
    Message& m = message_mutable(id);
    if (m.sent == Sent::yes) {
        broken(id, "was sent, and is refused now");
    }
    m.sent = Sent::no;
    if (is_fifo(m.home)) {
        std::erase_if(known_ids_[dedup_key(m)], [&](const KnownId& k) { return k.id == id; });
    }
}

// Told to be there: the others of the same id were not sent.
void Model::one_of_them_told(MessageId id) {
    for (const auto& ids : one_of_) {
        if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
            continue;
        }
        for (const MessageId other : ids) {
            if (other != id && message(other).sent == Sent::yes) {
                broken(id, "and message " + std::to_string(other) +
                               " were both sent under one deduplication id");
            }
            if (other != id) {
                message_mutable(other).sent = Sent::no;
            }
        }
    }
    std::erase_if(one_of_, [&](const auto& ids) {
        return std::find(ids.begin(), ids.end(), id) != ids.end();
    });
}

// The answer has the number of the first copy; those of the others follow, if their order is known.
// A FIFO queue may take its copy for a repeated one, which then has no number at all.
Came Model::answered_send(MessageId id, std::uint64_t number, Time first, Time last) {
    const auto copies = copies_of(id);
    if (copies.size() == 1 && is_fifo(message(id).home)) {
        return answered_in_fifo(id, number, first, last);
    }
    bool in_order = copies.size() == 1 || message(id).asked_once;
    for (std::size_t i = 0; i < copies.size(); ++i) {
        if (!is_fifo(message(copies[i]).home)) {
            one_sent(copies[i], in_order ? number + i : 0);
            continue;
        }
        in_order = false;
        const Came came = answered_in_fifo(copies[i], 0, first, last);
        counters_.add(Sometimes::published_in_order, came == Came::stored);
        counters_.add(Sometimes::published_again_in_order, came == Came::duplicate);
    }
    return Came::stored;
}

Came Model::answered_in_fifo(MessageId id, std::uint64_t number, Time first, Time last) {
    const Message& m = message(id);
    std::vector<KnownId>& known = known_ids_[dedup_key(m)];
    // Asked for before the queue was emptied, it may have been sent before that, and be forgotten.
    const bool sure = m.asked_once || queues_[m.home].emptied < m.at.came_after;
    KnownId own{number, id, first + limits::kDedupKept, last + limits::kDedupKept, sure, process_};
    const auto perhaps_before =
        std::find_if(known.begin(), known.end(), [&](const KnownId& k) { return k.id == id; });
    if (perhaps_before != known.end()) {
        own.until_least = std::min(own.until_least, perhaps_before->until_least);
        known.erase(perhaps_before);
    }
    std::erase_if(known, [&](const KnownId& k) {
        const bool over = k.until_most <= first;
        counters_.add(Sometimes::dedup_id_forgotten, over && k.sure);
        return over;
    });
    const auto same = std::find_if(known.begin(), known.end(), [&](const KnownId& k) {
        return number != 0 && number_of(k) == number;
    });
    if (same != known.end()) {
        return repeated(id, known, *same);
    }
    const auto holds = std::find_if(known.begin(), known.end(), [&](const KnownId& k) {
        return k.sure && last < k.until_least;
    });
    // What holds now may have held then: then it repeats that one, both times.
    const bool held_then = holds != known.end() && perhaps_repeated(id, holds->id);
    if (number != 0 && !held_then) {
        if (const auto came = as_answered_then(id, number, own)) {
            if (*came == Came::either) {
                known.push_back(own);
            }
            return *came;
        }
    }
    if (holds == known.end()) {
        const bool unclear = std::any_of(known.begin(), known.end(), [&](const KnownId& k) {
            return number == 0 || number_of(k) == 0;
        });
        return unclear ? either(id, number, known, own) : stored(id, number, known, own);
    }
    if (number != 0 && number_of(*holds) != 0) {
        if (!m.asked_once && number < number_of(*holds)) {
            one_sent(id, number);  // It was sent when it was asked for first, and that was told.
            return Came::stored;
        }
        broken(id, "was sent as " + std::to_string(number) +
                       ", and its deduplication id is known: it was " +
                       std::to_string(number_of(*holds)));
    }
    if (number != 0 && holds->id != 0) {
        one_sent(holds->id, number);
    }
    return repeated(id, known, *holds);
}

bool Model::perhaps_repeated(MessageId id, MessageId first) const {
    const auto then = perhaps_repeat_.find(id);
    return first != 0 && then != perhaps_repeat_.end() &&
           std::any_of(then->second.begin(), then->second.end(),
                       [&](const KnownId& k) { return k.id == first; });
}

// A turn that died may have been durable, and what it repeated forgotten or purged since. Whether
// it was sent then or repeated one, `own` is what is known of its number.
std::optional<Came> Model::as_answered_then(MessageId id, std::uint64_t number, KnownId& own) {
    const auto then = perhaps_repeat_.find(id);
    if (then == perhaps_repeat_.end()) {
        return std::nullopt;
    }
    const auto has = [&](std::uint64_t wanted) {
        return std::any_of(then->second.begin(), then->second.end(),
                           [&](const KnownId& k) { return k.id != id && number_of(k) == wanted; });
    };
    if (has(number)) {
        message_mutable(id).sent = Sent::no;
        return Came::duplicate;
    }
    if (!has(0)) {
        return std::nullopt;
    }
    own.sure = false;
    own.id = 0;
    for (const KnownId& k : then->second) {
        own.until_least = std::min(own.until_least, k.until_least);
    }
    return Came::either;
}

Came Model::stored(MessageId id, std::uint64_t number, std::vector<KnownId>& known, KnownId own) {
    // One that would have been known, and was not, was never sent.
    for (const KnownId& k : known) {
        if (!k.sure && k.id != 0 && own.until_most - limits::kDedupKept < k.until_least &&
            message(k.id).sent == Sent::perhaps) {
            message_mutable(k.id).sent = Sent::no;
        }
    }
    const bool once = message(id).asked_once;
    if (once && number != 0 && number <= newest_number_ && own.until_least == own.until_most) {
        broken(id, "was sent as " + std::to_string(number) + ", which is older than " +
                       std::to_string(newest_number_));
    }
    counters_.add(Sometimes::dedup_id_free_after_purge,
                  purged_ids_.erase(dedup_key(message(id))) != 0);
    one_sent(id, number);
    known.assign(1, own);
    return Came::stored;
}

Came Model::repeated(MessageId id, std::vector<KnownId>& known, KnownId first) {
    Message& m = message_mutable(id);
    first.sure = true;
    known.assign(1, first);
    if (first.id == 0 && !m.asked_once) {
        return Came::either;  // It may be the first one itself.
    }
    if (m.sent == Sent::yes) {
        broken(id, "was sent, and is taken for a repeated one now");
    }
    m.sent = Sent::no;
    m.duplicate = true;
    counters_.add(Sometimes::dedup_hit);
    counters_.add(Sometimes::dedup_hit_after_restart, first.process != process_);
    counters_.add(Sometimes::dedup_hit_by_body, m.dedup.empty());
    counters_.add(Sometimes::dedup_hit_when_gone,
                  first.id != 0 && message(first.id).places == kGone);
    return Came::duplicate;
}

// Sent anew, or the repetition of one that nobody was told of.
Came Model::either(MessageId id, std::uint64_t number, std::vector<KnownId>& known, KnownId own) {
    std::vector<MessageId> ids{id};
    bool surely_one = number != 0;
    KnownId one{number, 0, own.until_least, own.until_most, true, process_};
    for (const KnownId& k : known) {
        if (number_of(k) != 0 && number != 0) {
            continue;
        }
        one.until_least = std::min(one.until_least, k.until_least);
        // One that was sent for certain, under a number that was never told, is there in any case.
        surely_one = surely_one && k.id != 0 && message(k.id).sent == Sent::perhaps &&
                     own.until_most - limits::kDedupKept < k.until_least;
        ids.push_back(k.id);
    }
    counters_.add(Sometimes::dedup_of_unknown);
    if (number == 0) {
        own.sure = false;
        known.push_back(own);
        return Came::either;
    }
    newest_number_ = std::max(newest_number_, number);
    if (surely_one) {
        one_of_.push_back(ids);
    }
    known.assign(1, one);
    return Came::either;
}

void Model::perhaps_sent(MessageId id, Time now) {
    for (const MessageId copy : copies_of(id)) {
        one_perhaps_sent(copy, now);
    }
}

void Model::one_perhaps_sent(MessageId id, Time now) {
    Message& m = message_mutable(id);
    if (!is_fifo(m.home) || m.sent != Sent::perhaps) {
        return;
    }
    std::vector<KnownId>& known = known_ids_[dedup_key(m)];
    const Time until = now + limits::kDedupKept;
    auto& then = perhaps_repeat_[id];
    then.insert(then.end(), known.begin(), known.end());
    for (KnownId& k : known) {
        if (k.id == id) {
            k.until_most = std::max(k.until_most, until);
            return;
        }
        if (k.sure && now < k.until_least) {
            // It would have been a repeated one, if it is not the first one itself.
            m.sent = k.id == 0 ? m.sent : Sent::no;
            return;
        }
    }
    known.push_back({0, id, until, until, false, process_});
}

void Model::ids_forgotten(Slot slot, bool surely) {
    queues_[slot].emptied = ++step_;
    for (auto at = known_ids_.lower_bound({slot, {}});
         at != known_ids_.end() && at->first.first == slot; ++at) {
        if (surely && !at->second.empty()) {
            purged_ids_.insert(at->first);
            at->second.clear();
        }
        for (KnownId& known : at->second) {
            known.sure = false;
        }
    }
}

// Of every message with this body, `but` aside, it is known what it became.
bool Model::body_is_clear(MessageId content, MessageId but) const {
    const auto clear = [&](MessageId each) {
        const Message& m = message(each);
        return each == but || m.sent == Sent::no ||
               (m.sent == Sent::yes && m.number != 0 && !m.perhaps_redriven);
    };
    const auto others = same_body_.find(content);
    return clear(content) && (others == same_body_.end() ||
                              std::all_of(others->second.begin(), others->second.end(), clear));
}

bool Model::may_ask_again(MessageId id) const {
    return message(id).content == 0 || body_is_clear(message(id).content, id);
}

}  // namespace esteira::simulation

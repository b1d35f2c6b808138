#include "broker/engine/queue.hpp"

#include <algorithm>
#include <utility>

#include "broker/engine/attempts.hpp"
#include "broker/engine/log.hpp"
#include "common/base/check.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

const char* to_string(Total total) {
    constexpr const char* kNames[] = {"sent",        "moved_in", "received",  "deleted",
                                      "buried",      "redriven", "expired",   "damaged",
                                      "purged",      "retried",  "timed_out", "handed_back",
                                      "worker_dead", "crashed",  "unrouted",  "dropped"};
    static_assert(std::size(kNames) == static_cast<std::size_t>(Total::count_));
    return kNames[static_cast<std::size_t>(total)];
}

Queue::Queue(QueueNumber number, QueueKind kind, std::string name, WallTime created_at)
    : number_(number),
      kind_(kind),
      name_(std::move(name)),
      created_at_(created_at),
      modified_at_(created_at) {}

// A shorter delay holds for what waits in a FIFO queue as well: were it not so, a message could be
// due before one that was sent earlier, or would have to wait for it.
void Queue::set(Settings settings, Now now) {
    stir();
    if (kind_ == QueueKind::fifo && grouped_ && settings.delay < settings_.delay) {
        grouped_->cap_delays(now.broker + settings.delay);
        refile();
    }
    settings_ = std::move(settings);
    modified_at_ = now.wall;
}

void Queue::refile() {
    if (grouped_) {
        grouped_->refile(leases_, leases_.now());
    }
}

void Queue::advance(Time now) {
    leases_.advance(now);
    if (!grouped_) {
        return;
    }
    delayed_.take_due_of_groups(now, [&](const Delayed::Entry& entry) {
        grouped_->count_delayed(entry.group, false);
        grouped_->push({entry.place, entry.group, entry.sequence, {}, {}}, now);
    });
    grouped_->advance(now);
    refile();
}

void Queue::set_tags(dialogue::Attributes tags, WallTime at) {
    tags_ = std::move(tags);
    modified_at_ = at;
}

void Queue::forget(Place place, Usage& usage) {
    usage.drop(place);
    bytes_ -= place.size;
}

// 0: it has none.
Grouped::Index Queue::group_of(const Stored& e) {
    if (!e.fifo) {
        return 0;
    }
    if (!grouped_) {
        grouped_ = std::make_unique<Grouped>(kind_ == QueueKind::fifo);
    }
    return grouped_->group(e.fifo->group);
}

void Queue::store(const Stored& e, Place place, Time now, Usage& usage) {
    stir();
    usage.add(place);
    bytes_ += place.size;
    const Grouped::Index group = group_of(e);
    const std::uint64_t sequence = group == 0 ? 0 : sequence_in(e, number_);
    if (e.held) {
        Lease lease{e.held->delivery,
                    e.visible_at,
                    e.held->leased_at,
                    carried_lease(e.history).value_or(e.held->first_received_at),
                    e.held->session,
                    0,
                    true,
                    {}};
        Held held{place, e.held->receives, e.held->receipt_open, false, group, sequence, nullptr};
        held.story = std::make_unique<HeldStory>(
            HeldStory{e.held->first_received_at, e.held->crashes, std::string(e.held->reason), {}});
        lease.held.push_back(std::move(held));
        leases_.add(std::move(lease));
        if (group != 0) {
            grouped_->hold(group, sequence, e.held->delivery);
        }
    } else if (e.visible_at > now && kind_ != QueueKind::fifo) {
        delayed_.push(place, e.visible_at, group, sequence);
        if (group != 0) {
            grouped_->count_delayed(group, true);
        }
    } else if (group != 0) {
        const auto sent_s = std::chrono::floor<std::chrono::seconds>(e.sent_at.time_since_epoch());
        grouped_->push(
            {place, group, sequence, e.visible_at, static_cast<std::uint32_t>(sent_s.count())},
            now);
    } else if (e.cause == Cause::relocated && e.age != 0) {
        waiting_.push_relocated(place, e.replaces ? e.replaces->at : Position{}, e.age, e.sent_at);
    } else {
        waiting_.push(place, e.sent_at);
    }
    refile();
}

std::optional<Queue::Taken> Queue::take_waiting(Position at, std::optional<Time> visible_at,
                                                const LogStart& start) {
    std::uint32_t size = 0;
    if (waiting_.remove(at, &size)) {
        return Taken{{at, size}};
    }
    if (const auto message = grouped_ ? grouped_->take(at) : std::nullopt) {
        return Taken{message->place, message->group, message->sequence};
    }
    if (const auto entry = delayed_.remove(at, visible_at)) {
        if (entry->group != 0) {
            grouped_->count_delayed(entry->group, false);
        }
        return Taken{entry->place, entry->group, entry->sequence};
    }
    if (at.chunk >= start.chunk || mutant(Mutant::reference_below_start_is_damage)) {
        throw BrokenLog("queue " + name_ + " has no message at chunk " + std::to_string(at.chunk) +
                        ", slot " + std::to_string(at.slot));
    }
    return std::nullopt;
}

bool Queue::known(DeliveryNumber number, const LogStart& start) {
    if (leases_.find(number)) {
        return true;
    }
    // Its delivery, or its record, may have been in a chunk that was dropped since; a log that
    // never dropped one has no such excuse.
    if (start.chunk <= 1) {
        throw BrokenLog("queue " + name_ + " has no delivery " + std::to_string(number.value));
    }
    return false;
}

void Queue::lease(const Leased& e, Now now, const LogStart& start, const Sessions& sessions) {
    stir();
    Lease lease{e.first, e.visible_at, now.broker, now.wall, e.session, 0, false, {}};
    for (const Numbers& run : e.returned) {
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const DeliveryNumber number{run.first.value + i};
            if (!known(number, start)) {
                lease.held.emplace_back();
                continue;
            }
            const auto found = leases_.find(number);
            const WallTime leased_before = found.lease->leased_at_wall;
            time_out(*found.held, *found.lease, sessions);
            Held held = leases_.take(number);
            if (held.group != 0) {
                grouped_->drop(held.group, held.sequence, Millis{0}, now.broker);
            }
            if (held.receipt_open) {
                ++total(Total::timed_out);
            }
            if (!mutant(Mutant::receive_count_not_journaled)) {
                ++held.receives;
            }
            held.receipt_open = true;
            held.started = false;
            if (!held.story) {
                held.story = std::make_unique<HeldStory>(HeldStory{leased_before, 0, {}, {}});
            }
            lease.held.push_back(std::move(held));
        }
    }
    for (const Slots& group : e.waiting) {
        for (const std::uint32_t slot : group.slots) {
            const Taken taken =
                take_waiting({group.chunk, slot}, std::nullopt, start).value_or(Taken{});
            lease.held.push_back(
                {taken.place, 1, true, false, taken.group, taken.sequence, nullptr});
        }
    }
    total(Total::received) += lease.held.size();
    for (std::size_t i = 0; grouped_ && i < lease.held.size(); ++i) {
        const Held& held = lease.held[i];
        if (held.group != 0) {
            grouped_->hold(held.group, held.sequence, DeliveryNumber{e.first.value + i});
        }
    }
    leases_.add(std::move(lease));
    refile();
}

void Queue::let_go(DeliveryNumber number, Usage& usage) {
    const Time leased_at = leases_.find(number).lease->leased_at;
    const Held held = leases_.take(number);
    if (held.group != 0) {
        const Time now = leases_.now();
        grouped_->drop(held.group, held.sequence, now - leased_at, now);
    }
    forget(held.place, usage);
}

void Queue::remove(const Removed& e, Usage& usage, const LogStart& start) {
    stir();
    for (const Numbers& run : e.numbers) {
        total(Total::deleted) += run.count;
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const DeliveryNumber number{run.first.value + i};
            if (known(number, start)) {
                let_go(number, usage);
            }
        }
    }
    refile();
}

namespace {

// How a delivery ends that comes back in this way; nothing: it goes on.
std::optional<AttemptEnd> end_of(Return how) {
    switch (how) {
        case Return::retry:
            return AttemptEnd::retried;
        case Return::hand_back:
            return AttemptEnd::handed_back;
        case Return::worker_dead:
            return AttemptEnd::worker_dead;
        case Return::crashed:
            return AttemptEnd::crashed;
        case Return::visibility:
        case Return::put_off:
            break;
    }
    return std::nullopt;
}

}  // namespace

void Queue::reschedule(const Rescheduled& e, WallTime now, const LogStart& start,
                       const Sessions& sessions) {
    stir();
    constexpr Total kTotals[] = {Total::count_,      Total::retried, Total::handed_back,
                                 Total::worker_dead, Total::crashed, Total::count_};
    const Total which = kTotals[static_cast<std::size_t>(e.how)];
    for (const Numbers& run : e.numbers) {
        if (which != Total::count_) {
            total(which) += run.count;
        }
        for (std::uint64_t i = 0; i < run.count; ++i) {
            known(DeliveryNumber{run.first.value + i}, start);
        }
    }
    leases_.reschedule(e.numbers, e.visible_at, [&](Held& held, const Lease& lease) {
        if (held.group != 0) {
            grouped_->touch(held.group);
        }
        if (e.how == Return::put_off) {
            time_out(held, lease, sessions);
        }
        const auto end = end_of(e.how);
        if (!end) {
            return;
        }
        if (attempt_open(held, lease)) {
            end_attempt(held, lease, {*end, now, e.reason}, sessions);
        }
        if (!mutant(Mutant::receipt_valid_after_hand_back)) {
            held.receipt_open = false;
        }
        held.started = false;
        const bool counted = e.how == Return::retry || e.how == Return::crashed;
        if (!counted && held.receives > 0) {
            --held.receives;
        }
        if (!held.story) {  // Put off before, it is nobody's.
            held.story = std::make_unique<HeldStory>(HeldStory{lease.leased_at_wall, 0, {}, {}});
        }
        if (e.how == Return::crashed) {
            ++held.story->crashes;
        }
        if (!e.reason.empty()) {
            held.story->reason = e.reason;
        }
    });
    refile();
    if (e.how != Return::put_off) {
        return;
    }
    // Whoever had it goes without it: neither a good-bye nor a death is to touch it or its count.
    for (const Numbers& run : e.numbers) {
        for (std::uint64_t i = 0; i < run.count; ++i) {
            if (const auto found = leases_.find(DeliveryNumber{run.first.value + i})) {
                found.lease->session = 0;
            }
        }
    }
}

void Queue::set_aside(const SetAside& e, Usage& usage, const LogStart& start) {
    stir();
    constexpr Total kTotals[] = {Total::expired, Total::damaged, Total::dropped};
    std::uint64_t& sum = total(kTotals[static_cast<std::size_t>(e.why)]);
    for (const Numbers& run : e.numbers) {
        sum += run.count;
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const DeliveryNumber number{run.first.value + i};
            if (known(number, start)) {
                let_go(number, usage);
            }
        }
    }
    for (const Slots& group : e.waiting) {
        sum += group.slots.size();
        for (const std::uint32_t slot : group.slots) {
            if (const auto taken = take_waiting({group.chunk, slot}, std::nullopt, start)) {
                forget(taken->place, usage);
            }
        }
    }
    refile();
}

void Queue::purge(Usage& usage) {
    stir();
    waiting_.for_first(waiting_.count(), [&](Place place) {
        forget(place, usage);
        return true;
    });
    delayed_.for_each([&](Place place) { forget(place, usage); });
    leases_.for_each(
        [&](const Lease& lease, std::size_t i) { forget(lease.held[i].place, usage); });
    if (grouped_) {
        grouped_->for_each([&](Place place) { forget(place, usage); });
        grouped_.reset();
    }
    waiting_.clear();
    delayed_.clear();
    leases_.clear();
    ++purges_;
}

void Queue::give_up(const Replaces& replaces, const Stored& by, Usage& usage,
                    const LogStart& start) {
    stir();
    if (replaces.delivery.value != 0) {
        if (known(replaces.delivery, start)) {
            let_go(replaces.delivery, usage);
        }
        refile();
        return;
    }
    std::optional<Time> visible_at;
    if (by.cause == Cause::relocated && by.visible_at != Time{}) {
        visible_at = by.visible_at;
    }
    if (const auto taken = take_waiting(replaces.at, visible_at, start)) {
        forget(taken->place, usage);
    }
    refile();
}

}  // namespace esteira::engine

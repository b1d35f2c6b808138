#include "broker/engine/queue.hpp"

#include <algorithm>
#include <utility>

#include "broker/engine/attempts.hpp"
#include "broker/engine/log.hpp"
#include "common/base/check.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

const char* to_string(Total total) {
    constexpr const char* kNames[] = {
        "sent",    "moved_in", "received", "deleted",   "buried",      "redriven",    "expired",
        "damaged", "purged",   "retried",  "timed_out", "handed_back", "worker_dead", "crashed"};
    static_assert(std::size(kNames) == static_cast<std::size_t>(Total::count_));
    return kNames[static_cast<std::size_t>(total)];
}

Queue::Queue(QueueNumber number, QueueKind kind, std::string name, WallTime created_at)
    : number_(number),
      kind_(kind),
      name_(std::move(name)),
      created_at_(created_at),
      modified_at_(created_at) {}

void Queue::set(Settings settings, WallTime at) {
    settings_ = std::move(settings);
    modified_at_ = at;
}

Counts Queue::counts(Time now) const {
    const std::size_t due = delayed_.count_due(now);
    return {waiting_.count() + due + leases_.returned(), leases_.in_flight(),
            delayed_.count() - due};
}

std::uint64_t Queue::messages() const {
    return waiting_.count() + delayed_.count() + leases_.in_flight() + leases_.returned();
}

bool Queue::has_visible(Time now) const {
    return leases_.in_flight() < limits::kInFlightMax &&
           (waiting_.count() > 0 || leases_.returned() > 0 || delayed_.front_due(now).has_value());
}

std::optional<Time> Queue::next_visible_at() {
    // With as many in flight as there may be, nothing is handed out before one of them comes back.
    if (leases_.in_flight() >= limits::kInFlightMax) {
        return leases_.next_return_at();
    }
    const auto leased = leases_.next_visible_at();
    const auto delayed = delayed_.next_visible_at();
    if (!leased || !delayed) {
        return leased ? leased : delayed;
    }
    return std::min(*leased, *delayed);
}

void Queue::forget(Place place, Usage& usage) {
    usage.drop(place.at.chunk, place.size);
    bytes_ -= place.size;
}

void Queue::store(const Stored& e, Place place, Time now, Usage& usage) {
    usage.add(place.at.chunk, place.size);
    bytes_ += place.size;
    if (e.held) {
        Lease lease{e.held->delivery,
                    e.visible_at,
                    e.held->leased_at,
                    carried_lease(e.history).value_or(e.held->first_received_at),
                    e.held->session,
                    0,
                    true,
                    {}};
        Held held{place, e.held->receives, e.held->receipt_open, false, nullptr};
        held.story = std::make_unique<HeldStory>(
            HeldStory{e.held->first_received_at, e.held->crashes, std::string(e.held->reason), {}});
        lease.held.push_back(std::move(held));
        leases_.add(std::move(lease));
    } else if (e.visible_at > now) {
        delayed_.push(place, e.visible_at);
    } else if (e.cause == Cause::relocated && e.age != 0) {
        waiting_.push_relocated(place, e.replaces ? e.replaces->at : Position{}, e.age, e.sent_at);
    } else {
        waiting_.push(place, e.sent_at);
    }
}

std::optional<Place> Queue::take_waiting(Position at, std::optional<Time> visible_at,
                                         const LogStart& start) {
    std::uint32_t size = 0;
    if (waiting_.remove(at, &size) || delayed_.remove(at, visible_at, &size)) {
        return Place{at, size};
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
            const auto place = take_waiting({group.chunk, slot}, std::nullopt, start);
            lease.held.push_back({place.value_or(Place{}), 1, true, false, nullptr});
        }
    }
    total(Total::received) += lease.held.size();
    leases_.add(std::move(lease));
}

void Queue::remove(const Removed& e, Usage& usage, const LogStart& start) {
    for (const Numbers& run : e.numbers) {
        total(Total::deleted) += run.count;
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const DeliveryNumber number{run.first.value + i};
            if (known(number, start)) {
                forget(leases_.take(number).place, usage);
            }
        }
    }
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
    std::uint64_t& sum = total(e.why == Gone::expired ? Total::expired : Total::damaged);
    for (const Numbers& run : e.numbers) {
        sum += run.count;
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const DeliveryNumber number{run.first.value + i};
            if (known(number, start)) {
                forget(leases_.take(number).place, usage);
            }
        }
    }
    for (const Slots& group : e.waiting) {
        sum += group.slots.size();
        for (const std::uint32_t slot : group.slots) {
            if (const auto place = take_waiting({group.chunk, slot}, std::nullopt, start)) {
                forget(*place, usage);
            }
        }
    }
}

void Queue::purge(Usage& usage) {
    waiting_.for_first(waiting_.count(), [&](Place place) {
        forget(place, usage);
        return true;
    });
    delayed_.for_each([&](Place place) { forget(place, usage); });
    leases_.for_each(
        [&](const Lease& lease, std::size_t i) { forget(lease.held[i].place, usage); });
    waiting_.clear();
    delayed_.clear();
    leases_.clear();
}

void Queue::give_up(const Replaces& replaces, const Stored& by, Usage& usage,
                    const LogStart& start) {
    if (replaces.delivery.value != 0) {
        if (known(replaces.delivery, start)) {
            forget(leases_.take(replaces.delivery).place, usage);
        }
        return;
    }
    std::optional<Time> visible_at;
    if (by.cause == Cause::relocated && by.visible_at != Time{}) {
        visible_at = by.visible_at;
    }
    if (const auto place = take_waiting(replaces.at, visible_at, start)) {
        forget(*place, usage);
    }
}

std::uint64_t Queue::digest() const {
    std::uint64_t sum = number_.value * 0x9E3779B97F4A7C15ULL;
    const auto mix = [&](Place place, std::uint64_t phase) {
        std::uint64_t h = (std::uint64_t{place.at.chunk} << 32 | place.at.slot) ^ (phase << 7);
        h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9ULL;
        h = (h ^ (h >> 27) ^ place.size) * 0x94D049BB133111EBULL;
        sum += h ^ (h >> 31);
    };
    waiting_.for_first(waiting_.count(), [&](Place place) {
        mix(place, 1);
        return true;
    });
    delayed_.for_each([&](Place place) { mix(place, 2); });
    leases_.for_each([&](const Lease& lease, std::size_t i) {
        const Held& held = lease.held[i];
        const std::uint64_t crashes = held.story ? held.story->crashes : 0;
        const std::uint64_t attempts = held.story ? history_of({}, held).total : 0;
        mix(held.place,
            3 + (lease.first.value + i) * 8 + held.receives * 1'000'003ULL +
                (held.receipt_open ? 7'919 : 0) + crashes * 15'485'863ULL +
                attempts * 32'452'843ULL + lease.session * 104'729 +
                static_cast<std::uint64_t>(lease.visible_at.time_since_epoch().count()));
    });
    for (std::size_t i = 0; i < totals_.size(); ++i) {
        // Whether a lease ran out is not known of messages that a replay starts behind.
        if (static_cast<Total>(i) != Total::timed_out) {
            sum += totals_[i] * (2 * i + 0x9E3779B97F4A7C15ULL);
        }
    }
    return sum;
}

}  // namespace esteira::engine

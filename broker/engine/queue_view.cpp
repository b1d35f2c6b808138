// What a queue tells of itself: how many messages, which ones, when there are more.
#include <algorithm>

#include "broker/engine/attempts.hpp"
#include "broker/engine/queue.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

Counts Queue::counts(Time now) const {
    const std::size_t due = delayed_.count_due(now);
    Counts counts{waiting_.count() + due + leases_.returned(), leases_.in_flight(),
                  delayed_.count() - due};
    if (grouped_) {
        counts.visible += grouped_->waiting() - grouped_->delayed();
        counts.delayed += grouped_->delayed();
    }
    return counts;
}

std::uint64_t Queue::messages() const {
    return waiting_.count() + delayed_.count() + leases_.in_flight() + leases_.returned() +
           (grouped_ ? grouped_->waiting() : 0);
}

std::optional<WallTime> Queue::oldest_sent_at() const {
    auto oldest = waiting_.oldest_sent_at();
    if (const auto other = grouped_ ? grouped_->oldest_sent_at() : std::nullopt) {
        oldest = oldest ? std::min(*oldest, *other) : other;
    }
    return oldest;
}

std::optional<Time> Queue::due_at(Position at) const {
    const Grouped::Message* waiting =
        kind_ == QueueKind::fifo && grouped_ ? grouped_->find(at) : nullptr;
    return waiting == nullptr ? std::nullopt : std::optional(waiting->visible_at);
}

bool Queue::is_waiting(Position at) const {
    return waiting_.has(at) || delayed_.has(at) || (grouped_ && grouped_->has(at));
}

void Queue::for_first_waiting(std::size_t count, const std::function<bool(Place)>& visit) const {
    bool more = true;
    waiting_.for_first(count, [&](Place place) {
        --count;
        more = visit(place);
        return more;
    });
    if (!grouped_ || !more || count == 0) {
        return;
    }
    for (const Place place : grouped_->in_order(leases_.now(), true, count)) {
        if (count-- == 0 || !visit(place)) {
            return;
        }
    }
}

void Queue::for_each_delayed(const std::function<void(Place)>& visit) const {
    delayed_.for_each(visit);
    if (grouped_) {
        for (const Place place : grouped_->in_order(leases_.now(), false, grouped_->waiting())) {
            visit(place);
        }
    }
}

bool Queue::has_visible(Time now) const {
    const bool paused = settings_.receives_paused && !mutant(Mutant::pause_ignored);
    if (paused || leases_.in_flight() >= limits::kInFlightMax) {
        return false;
    }
    if (grouped_ && !grouped_->ready().empty()) {
        return true;
    }
    return kind_ != QueueKind::fifo &&
           (waiting_.count() > 0 || leases_.returned() > 0 || delayed_.front_due(now).has_value());
}

bool Queue::has_batch(std::uint32_t messages, Time now) {
    if (!has_visible(now)) {
        return false;
    }
    if (messages <= 1 || mutant(Mutant::window_opens_early)) {
        return true;
    }
    const std::uint64_t room = limits::kInFlightMax - leases_.in_flight();
    const std::uint64_t enough = std::min<std::uint64_t>(messages, room);
    if (kind_ == QueueKind::fifo) {
        return has_batch_in_order(enough, now);
    }
    if (counts(now).visible >= enough) {
        return true;
    }
    if (bytes_ < limits::kReceiveBytesMax) {
        return false;
    }
    std::uint64_t bytes = waiting_.bytes() + (grouped_ ? grouped_->bytes() : 0);
    leases_.for_first_returned(messages, [&](DeliveryNumber, const Held& held) {
        bytes += held.place.size + (held.story ? held.story->told_bytes() : 0);
        return true;
    });
    delayed_.for_first_due(now, messages, [&](Place place) {
        bytes += place.size;
        return true;
    });
    return bytes >= limits::kReceiveBytesMax;
}

// What stands behind a message in flight is visible, but not to be had.
bool Queue::has_batch_in_order(std::uint64_t messages, Time now) {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    const auto enough = [&] { return count >= messages || bytes >= limits::kReceiveBytesMax; };
    for (const auto& [sequence, group] : grouped_->ready()) {
        grouped_->for_each_deliverable(group, leases_, now, [&](DeliveryNumber, Place place) {
            ++count;
            bytes += place.size;
            return !enough();
        });
        if (enough()) {
            return true;
        }
    }
    return false;
}

std::optional<Time> Queue::next_visible_after(Time now, std::uint32_t messages) {
    if (settings_.receives_paused) {
        return std::nullopt;
    }
    const auto leased = leases_.next_return_at();
    // With as many in flight as there may be, nothing is handed out before one of them comes back.
    if (leases_.in_flight() >= limits::kInFlightMax) {
        return leased;
    }
    // One message is there when a group's front is due; for several, what is behind it counts.
    if (kind_ == QueueKind::fifo && messages <= 1) {
        return grouped_ ? grouped_->next_due_at() : std::nullopt;
    }
    const auto delayed = kind_ == QueueKind::fifo
                             ? (grouped_ ? grouped_->next_delayed_at() : std::nullopt)
                             : delayed_.next_due_after(now);
    if (!leased || !delayed) {
        return leased ? leased : delayed;
    }
    return std::min(*leased, *delayed);
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
    // One of a group joins it when it is due, which is no event and must not change the digest.
    delayed_.for_each_entry(
        [&](const Delayed::Entry& entry) { mix(entry.place, entry.group == 0 ? 2 : 1); });
    if (grouped_) {
        grouped_->for_each([&](Place place) { mix(place, 1); });
    }
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

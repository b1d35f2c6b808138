#include "broker/engine/grouped.hpp"

#include <algorithm>
#include <iterator>

#include "common/base/check.hpp"

namespace esteira::engine {

namespace {

constexpr Millis kWindow = std::chrono::minutes(5);

std::uint64_t window_of(Time t) {
    return static_cast<std::uint64_t>(t.time_since_epoch() / kWindow);
}

}  // namespace

Grouped::Index Grouped::group(std::string_view id) {
    if (const auto known = by_id_.find(id); known != by_id_.end()) {
        return known->second;
    }
    Index index = 0;
    if (free_groups_.empty()) {
        groups_.emplace_back();
        index = static_cast<Index>(groups_.size());
    } else {
        index = free_groups_.back();
        free_groups_.pop_back();
    }
    Group& group = at(index);
    group.id = id;
    by_id_.emplace(group.id, index);
    return index;
}

// The last message of the group that stands before `sequence`; 0: it comes first. What is written
// again keeps its neighbours, so the search begins where the last change was.
Grouped::Index Grouped::place_before(const Group& group, std::uint64_t sequence) const {
    if (group.last == 0 || message(group.last).sequence < sequence) {
        return group.last;
    }
    Index before = group.hint;
    while (before != 0 && message(before).sequence > sequence) {
        before = message(before).before;
    }
    for (;;) {
        const Index next = before == 0 ? group.first : message(before).next;
        if (next == 0 || message(next).sequence > sequence) {
            return before;
        }
        before = next;
    }
}

void Grouped::push(const Message& added, Time now) {
    Index index = 0;
    if (free_messages_.empty()) {
        messages_.emplace_back();
        index = static_cast<Index>(messages_.size());
    } else {
        index = free_messages_.back();
        free_messages_.pop_back();
    }
    Group& group = at(added.group);
    Message& message = node(index);
    message = added;
    message.before = place_before(group, added.sequence);
    message.next = message.before == 0 ? group.first : node(message.before).next;
    (message.before == 0 ? group.first : node(message.before).next) = index;
    (message.next == 0 ? group.last : node(message.next).before) = index;
    group.hint = index;
    ++group.waiting;
    bytes_ += added.place.size;
    if (message.visible_at > now) {
        ++delays_[message.visible_at];
        ++delayed_count_;
    }
    group.load.last_sent_at = now;
    ESTEIRA_CHECK(by_place_.emplace(message.place.at, index).second);
    touch(added.group);
}

const Grouped::Message* Grouped::find(Position at) const {
    const auto found = by_place_.find(at);
    return found == by_place_.end() ? nullptr : &message(found->second);
}

void Grouped::uncount_delay(Time visible_at) {
    const auto delay = delays_.find(visible_at);
    if (delay == delays_.end()) {
        return;  // It was due already.
    }
    --delayed_count_;
    if (--delay->second == 0) {
        delays_.erase(delay);
    }
}

std::optional<Grouped::Message> Grouped::take(Position position) {
    const auto found = by_place_.find(position);
    if (found == by_place_.end()) {
        return std::nullopt;
    }
    const Index index = found->second;
    by_place_.erase(found);
    const Message message = node(index);
    Group& group = at(message.group);
    (message.before == 0 ? group.first : node(message.before).next) = message.next;
    (message.next == 0 ? group.last : node(message.next).before) = message.before;
    group.hint = message.before;
    --group.waiting;
    bytes_ -= message.place.size;
    free_messages_.push_back(index);
    uncount_delay(message.visible_at);
    touch(message.group);
    return message;
}

void Grouped::hold(Index index, std::uint64_t sequence, DeliveryNumber number) {
    Group& group = at(index);
    if (ordered_) {
        group.held[sequence] = number;
    }
    ++group.load.held;
    touch(index);
}

void Grouped::drop(Index index, std::uint64_t sequence, Millis busy, Time now) {
    Group& group = at(index);
    group.held.erase(sequence);
    --group.load.held;
    add_busy(group.load, busy, now);
    add_busy(all_, busy, now);
    touch(index);
}

void Grouped::touch(Index index) {
    Group& group = at(index);
    if (!group.changed) {
        group.changed = true;
        changed_.push_back(index);
    }
}

void Grouped::count_delayed(Index index, bool in) {
    Group& group = at(index);
    group.delayed = in ? group.delayed + 1 : group.delayed - 1;
    touch(index);
}

void Grouped::cap_delays(Time latest) {
    for (auto later = delays_.upper_bound(latest); later != delays_.end();) {
        delays_[latest] += later->second;
        later = delays_.erase(later);
    }
    for (const auto& [place, index] : by_place_) {
        if (node(index).visible_at > latest) {
            node(index).visible_at = latest;
            touch(node(index).group);
        }
    }
}

void Grouped::advance(Time now) {
    while (!delays_.empty() && delays_.begin()->first <= now) {
        delayed_count_ -= delays_.begin()->second;
        delays_.erase(delays_.begin());
    }
    for (auto later = later_.begin(); later != later_.end() && later->first <= now; ++later) {
        touch(later->second);
    }
}

void Grouped::unfile(Index index, Group& group) {
    if (group.is_ready) {
        ready_.erase({group.filed_sequence, index});
    }
    if (group.is_later) {
        later_.erase({group.filed_time, index});
    }
    group.is_ready = group.is_later = false;
}

void Grouped::file(Index index, Group& group, Leases& leases, Time now) {
    Time due{};
    if (ordered_ && !group.held.empty()) {
        group.filed_sequence = group.held.begin()->first;
        due = leases.find(group.held.begin()->second).lease->visible_at;
    } else if (group.first != 0) {
        group.filed_sequence = message(group.first).sequence;
        due = message(group.first).visible_at;
    } else {
        return;
    }
    group.filed_time = due;
    group.is_ready = due <= now;
    group.is_later = due > now;
    if (group.is_ready) {
        ready_.insert({group.filed_sequence, index});
    } else {
        later_.insert({due, index});
    }
}

void Grouped::forget_if_empty(Index index, Group& group) {
    if (group.waiting > 0 || group.load.held > 0 || group.delayed > 0) {
        return;
    }
    by_id_.erase(group.id);
    group = Group{};
    free_groups_.push_back(index);
}

void Grouped::refile(Leases& leases, Time now) {
    for (const Index index : changed_) {
        Group& group = at(index);
        group.changed = false;
        unfile(index, group);
        file(index, group, leases, now);
        forget_if_empty(index, group);
    }
    changed_.clear();
}

void Grouped::for_each_deliverable(Index index, Leases& leases, Time now,
                                   const std::function<bool(DeliveryNumber, Place)>& visit) const {
    const Group& group = groups_[index - 1];
    for (const auto& [sequence, number] : group.held) {
        const auto found = leases.find(number);
        if (found.lease->visible_at > now || !visit(number, found.held->place)) {
            return;
        }
    }
    for (Index next = group.first; next != 0; next = message(next).next) {
        if (message(next).visible_at > now || !visit({}, message(next).place)) {
            return;
        }
    }
}

std::optional<Time> Grouped::next_due_at() const {
    return later_.empty() ? std::nullopt : std::optional(later_.begin()->first);
}

std::optional<Time> Grouped::next_delayed_at() const {
    return delays_.empty() ? std::nullopt : std::optional(delays_.begin()->first);
}

std::optional<WallTime> Grouped::oldest_sent_at() const {
    for (const auto& [sequence, group] : ready_) {
        if (const Index first = first_of(group); first != 0 && message(first).sent_s != 0) {
            return WallTime{std::chrono::seconds(message(first).sent_s)};
        }
    }
    return std::nullopt;
}

void Grouped::for_each(const std::function<void(Place)>& visit) const {
    for (const auto& [place, index] : by_place_) {
        visit(message(index).place);
    }
}

std::vector<Place> Grouped::in_order(Time now, bool due, std::size_t count) const {
    std::vector<const Message*> all;
    for (const auto& [place, index] : by_place_) {
        if ((message(index).visible_at <= now) == due) {
            all.push_back(&message(index));
        }
    }
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(count, all.size()));
    std::partial_sort(all.begin(), end, all.end(),
                      [](const Message* a, const Message* b) { return a->sequence < b->sequence; });
    std::vector<Place> places;
    std::transform(all.begin(), end, std::back_inserter(places),
                   [](const Message* message) { return message->place; });
    return places;
}

std::vector<Grouped::Numbered> Grouped::next_in_order(std::uint64_t after, std::size_t count,
                                                      Time now) const {
    std::vector<Numbered> next;
    for (const auto& [place, index] : by_place_) {
        if (message(index).sequence > after && message(index).visible_at <= now) {
            next.emplace_back(message(index).sequence, place);
        }
    }
    const auto end = next.begin() + static_cast<std::ptrdiff_t>(std::min(count, next.size()));
    std::partial_sort(next.begin(), end, next.end());
    next.erase(end, next.end());
    return next;
}

void Grouped::clear() {
    const bool ordered = ordered_;
    *this = Grouped(ordered);
}

void Grouped::add_busy(Load& load, Millis busy, Time now) {
    const std::uint64_t window = window_of(now);
    if (load.window != window) {
        load.busy_before = load.window + 1 == window ? load.busy : Millis{0};
        load.busy = Millis{0};
        load.window = window;
    }
    load.busy += busy;
}

// The window before counts for as much of it as the last five minutes reach into.
Millis Grouped::recent(const Load& load, Time now) {
    const std::uint64_t window = window_of(now);
    const Millis into = now.time_since_epoch() % kWindow;
    if (load.window == window) {
        return load.busy + load.busy_before * (kWindow - into).count() / kWindow.count();
    }
    if (load.window + 1 == window) {
        return load.busy * (kWindow - into).count() / kWindow.count();
    }
    return Millis{0};
}

}  // namespace esteira::engine

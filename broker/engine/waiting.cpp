#include "broker/engine/waiting.hpp"

#include <algorithm>
#include <utility>

#include "common/base/check.hpp"

namespace esteira::engine {

void Waiting::push(Place place, WallTime sent_at) {
    const bool same_run = !runs_.empty() && runs_.back().chunk == place.at.chunk &&
                          runs_.back().age == place.at.chunk;
    if (!same_run) {
        runs_.push_back({place.at.chunk, place.at.chunk, sent_at, {}});
    }
    Run& run = runs_.back();
    ESTEIRA_CHECK(run.entries.empty() || run.entries.back().slot < place.at.slot);
    run.entries.push_back({place.at.slot, place.size});
    run.earliest_sent_at = std::min(run.earliest_sent_at, sent_at);
    ++count_;
    bytes_ += place.size;
}

void Waiting::push_relocated(Place place, Position old, std::uint32_t age, WallTime sent_at) {
    const auto later = std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) {
        return run.age > age || (run.age == age && run.chunk == old.chunk);
    });
    const bool same_run = later != runs_.begin() && std::prev(later)->age == age &&
                          std::prev(later)->chunk == place.at.chunk;
    const auto run =
        same_run ? std::prev(later) : runs_.insert(later, {place.at.chunk, age, sent_at, {}});
    run->entries.push_back({place.at.slot, place.size});
    run->earliest_sent_at = std::min(run->earliest_sent_at, sent_at);
    ++count_;
    bytes_ += place.size;
}

std::optional<Place> Waiting::front() const {
    if (count_ == 0) {
        return std::nullopt;
    }
    const Run& run = runs_.front();
    const Entry& entry = run.entries.front();
    return Place{{run.chunk, entry.slot}, entry.size};
}

void Waiting::for_first(std::size_t count, const std::function<bool(Place)>& visit) const {
    for (const Run& run : runs_) {
        for (const Entry& entry : run.entries) {
            if (count == 0) {
                return;
            }
            if (entry.size == 0) {
                continue;
            }
            if (!visit({{run.chunk, entry.slot}, entry.size})) {
                return;
            }
            --count;
        }
    }
}

std::pair<const Waiting::Run*, const Waiting::Entry*> Waiting::find(Position at) const {
    for (const Run& run : runs_) {
        if (run.chunk != at.chunk) {
            continue;
        }
        // What is handed out stands at the head of its run.
        const auto entry = run.entries.front().slot == at.slot
                               ? run.entries.begin()
                               : std::lower_bound(run.entries.begin(), run.entries.end(), at.slot,
                                                  [](const Entry& e, std::uint32_t slot) {
                                                      return e.slot < slot;
                                                  });
        if (entry != run.entries.end() && entry->slot == at.slot && entry->size != 0) {
            return {&run, &*entry};
        }
    }
    return {nullptr, nullptr};
}

std::optional<std::uint32_t> Waiting::age_of(Position at) const {
    const auto [run, entry] = find(at);
    if (entry == nullptr) {
        return std::nullopt;
    }
    return run->age;
}

Waiting::After Waiting::next_after(const Mark& mark) const {
    const auto same_age = [&](const Run& run) { return run.age == mark.age; };
    auto run = std::find_if(runs_.begin(), runs_.end(),
                            [&](const Run& r) { return same_age(r) && r.chunk == mark.at.chunk; });
    if (run != runs_.end()) {
        const auto behind = std::upper_bound(
            run->entries.begin(), run->entries.end(), mark.at.slot,
            [](std::uint32_t slot, const Entry& entry) { return slot < entry.slot; });
        const auto live = std::find_if(behind, run->entries.end(),
                                       [](const Entry& entry) { return entry.size != 0; });
        if (live != run->entries.end()) {
            return {false, Place{{run->chunk, live->slot}, live->size}};
        }
        ++run;
    } else if (std::any_of(runs_.begin(), runs_.end(), same_age)) {
        // Written again, in part: what is left may stand before the mark or behind it.
        return {true, std::nullopt};
    } else {
        run = std::find_if(runs_.begin(), runs_.end(),
                           [&](const Run& r) { return r.age > mark.age; });
    }
    if (run == runs_.end()) {
        return {};
    }
    return {false, Place{{run->chunk, run->entries.front().slot}, run->entries.front().size}};
}

bool Waiting::remove(Position at, std::uint32_t* size) {
    const auto [found, entry] = std::as_const(*this).find(at);
    if (entry == nullptr) {
        return false;
    }
    *size = entry->size;
    const_cast<Entry*>(entry)->size = 0;
    Run* run = const_cast<Run*>(found);
    --count_;
    bytes_ -= *size;
    while (!run->entries.empty() && run->entries.front().size == 0) {
        run->entries.pop_front();
    }
    while (!run->entries.empty() && run->entries.back().size == 0) {
        run->entries.pop_back();
    }
    if (run->entries.empty()) {
        std::erase_if(runs_, [run](const Run& r) { return &r == run; });
    }
    return true;
}

std::optional<WallTime> Waiting::oldest_sent_at() const {
    if (count_ == 0) {
        return std::nullopt;
    }
    return runs_.front().earliest_sent_at;
}

void Waiting::set_oldest_sent_at(WallTime sent_at) {
    if (count_ > 0) {
        runs_.front().earliest_sent_at = sent_at;
    }
}

void Waiting::in_chunk(std::uint32_t chunk, const std::function<void(Place)>& visit) const {
    for (const Run& run : runs_) {
        if (run.chunk != chunk) {
            continue;
        }
        for (const Entry& entry : run.entries) {
            if (entry.size != 0) {
                visit({{chunk, entry.slot}, entry.size});
            }
        }
    }
}

void Waiting::clear() {
    runs_.clear();
    count_ = 0;
    bytes_ = 0;
}

namespace {
std::int64_t second_of(Time t) {
    return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}
}  // namespace

void Delayed::push(Place place, Time visible_at, std::uint32_t group, std::uint64_t sequence) {
    Second& second = seconds_[second_of(visible_at)];
    second.earliest = second.live == 0 ? visible_at : std::min(second.earliest, visible_at);
    ESTEIRA_CHECK(second.entries.empty() || second.entries.back().place.at < place.at);
    second.entries.push_back({visible_at, place, group, sequence});
    ++second.live;
    second.grouped += group != 0 ? 1 : 0;
    ++count_;
}

Delayed::Entry Delayed::take(Second& second, Entry& entry) {
    const Entry taken = entry;
    entry.place.size = 0;
    second.stale |= entry.visible_at == second.earliest;
    second.grouped -= entry.group != 0 ? 1 : 0;
    --second.live;
    --count_;
    return taken;
}

std::optional<Delayed::Entry> Delayed::remove_from(Seconds::iterator second, Position at) {
    auto& entries = second->second.entries;
    const auto entry =
        std::lower_bound(entries.begin(), entries.end(), at,
                         [](const Entry& e, Position position) { return e.place.at < position; });
    if (entry == entries.end() || entry->place.at != at || entry->place.size == 0) {
        return std::nullopt;
    }
    const Entry taken = take(second->second, *entry);
    if (second->second.live == 0) {
        seconds_.erase(second);
    }
    return taken;
}

std::optional<Delayed::Entry> Delayed::remove(Position at, std::optional<Time> visible_at) {
    if (visible_at) {
        const auto second = seconds_.find(second_of(*visible_at));
        return second == seconds_.end() ? std::nullopt : remove_from(second, at);
    }
    for (auto second = seconds_.begin(); second != seconds_.end(); ++second) {
        if (auto taken = remove_from(second, at)) {
            return taken;
        }
    }
    return std::nullopt;
}

void Delayed::take_due_of_groups(Time now, const std::function<void(const Entry&)>& visit) {
    for (auto second = seconds_.begin();
         second != seconds_.end() && second->first <= second_of(now);) {
        if (second->second.grouped > 0) {
            for (Entry& entry : second->second.entries) {
                if (entry.place.size != 0 && entry.group != 0 && entry.visible_at <= now) {
                    visit(take(second->second, entry));
                }
            }
        }
        second = second->second.live == 0 ? seconds_.erase(second) : std::next(second);
    }
}

std::optional<Place> Delayed::front_due(Time now) const {
    std::optional<Place> front;
    for_first_due(now, 1, [&](Place place) {
        front = place;
        return true;
    });
    return front;
}

bool Delayed::has(Position at) const {
    return std::any_of(seconds_.begin(), seconds_.end(), [&](const auto& second) {
        const auto& entries = second.second.entries;
        const auto entry = std::lower_bound(
            entries.begin(), entries.end(), at,
            [](const Entry& e, Position position) { return e.place.at < position; });
        return entry != entries.end() && entry->place.at == at && entry->place.size != 0;
    });
}

void Delayed::for_first_due(Time now, std::size_t count,
                            const std::function<bool(Place)>& visit) const {
    for (const auto& [number, second] : seconds_) {
        if (number > second_of(now)) {
            return;
        }
        for (const Entry& entry : second.entries) {
            if (count == 0) {
                return;
            }
            if (entry.place.size == 0 || entry.visible_at > now) {
                continue;
            }
            if (!visit(entry.place)) {
                return;
            }
            --count;
        }
    }
}

std::optional<std::pair<Place, Delayed::Mark>> Delayed::next_due_after(
    const std::optional<Mark>& mark, Time now) const {
    auto second = mark ? seconds_.lower_bound(mark->second) : seconds_.begin();
    for (; second != seconds_.end() && second->first <= second_of(now); ++second) {
        const auto& entries = second->second.entries;
        auto entry = entries.begin();
        if (mark && mark->second == second->first) {
            entry = std::upper_bound(
                entry, entries.end(), mark->at,
                [](Position at, const Entry& other) { return at < other.place.at; });
        }
        entry = std::find_if(entry, entries.end(), [&](const Entry& e) {
            return e.place.size != 0 && e.visible_at <= now;
        });
        if (entry != entries.end()) {
            return {{entry->place, {second->first, entry->place.at}}};
        }
    }
    return std::nullopt;
}

std::size_t Delayed::count_due(Time now) const {
    std::size_t due = 0;
    for (const auto& [number, second] : seconds_) {
        if (number > second_of(now)) {
            break;
        }
        if (number < second_of(now)) {
            due += second.live;
            continue;
        }
        due += static_cast<std::size_t>(std::count_if(
            second.entries.begin(), second.entries.end(),
            [&](const Entry& entry) { return entry.place.size != 0 && entry.visible_at <= now; }));
    }
    return due;
}

std::optional<Time> Delayed::next_due_after(Time now) {
    for (auto at = seconds_.lower_bound(second_of(now)); at != seconds_.end(); ++at) {
        Second& second = at->second;
        const bool begun = at->first == second_of(now);
        if (!begun && !second.stale) {
            return second.earliest;
        }
        Time earliest = Time::max();
        for (const Entry& entry : second.entries) {
            if (entry.place.size != 0 && entry.visible_at > now) {
                earliest = std::min(earliest, entry.visible_at);
            }
        }
        if (!begun) {
            second.earliest = earliest;
            second.stale = false;
        }
        if (earliest != Time::max()) {
            return earliest;
        }
    }
    return std::nullopt;
}

void Delayed::for_each(const std::function<void(Place)>& visit) const {
    for_each_entry([&](const Entry& entry) { visit(entry.place); });
}

void Delayed::for_each_entry(const std::function<void(const Entry&)>& visit) const {
    for (const auto& [number, second] : seconds_) {
        for (const Entry& entry : second.entries) {
            if (entry.place.size != 0) {
                visit(entry);
            }
        }
    }
}

void Delayed::clear() {
    seconds_.clear();
    count_ = 0;
}

}  // namespace esteira::engine

#include "broker/engine/leases.hpp"

#include <algorithm>

#include "common/base/check.hpp"

namespace esteira::engine {

namespace {
std::uint64_t key_number(const Lease& lease) {
    return lease.first.value * 2 + (lease.single ? 1 : 0);
}
}  // namespace

Lease* Leases::lease_of(std::uint64_t first, bool single) {
    auto& map = single ? singles_ : ranges_;
    const auto lease = map.find(first);
    return lease == map.end() ? nullptr : &lease->second;
}

void Leases::schedule(const Lease& lease) {
    (lease.visible_at > now_ ? flying_ : back_).insert({lease.visible_at, key_number(lease)});
}

void Leases::unschedule(const Lease& lease) {
    const Key key{lease.visible_at, key_number(lease)};
    if (flying_.erase(key) == 0) {
        back_.erase(key);
    }
}

void Leases::count(const Lease& lease, std::size_t messages, bool in) {
    std::size_t& counter = lease.visible_at > now_ ? in_flight_ : returned_count_;
    ESTEIRA_CHECK(in || counter >= messages);
    counter = in ? counter + messages : counter - messages;
}

void Leases::advance(Time now) {
    ESTEIRA_CHECK(now >= now_);
    while (!flying_.empty() && flying_.begin()->first <= now) {
        const Key key = *flying_.begin();
        flying_.erase(flying_.begin());
        back_.insert(key);
        const Lease* lease = lease_of(key.second / 2, key.second % 2 == 1);
        in_flight_ -= lease->live;
        returned_count_ += lease->live;
    }
    now_ = now;
}

void Leases::add(Lease lease) {
    lease.live = static_cast<std::size_t>(std::count_if(
        lease.held.begin(), lease.held.end(), [](const Held& h) { return h.place.size != 0; }));
    if (lease.live == 0) {
        return;
    }
    auto& map = lease.single ? singles_ : ranges_;
    const auto [at, inserted] = map.emplace(lease.first.value, std::move(lease));
    ESTEIRA_CHECK(inserted);
    schedule(at->second);
    count(at->second, at->second.live, true);
}

Leases::Found Leases::find(DeliveryNumber number) {
    auto range = ranges_.upper_bound(number.value);
    if (range != ranges_.begin()) {
        --range;
        const std::uint64_t index = number.value - range->first;
        auto& held = range->second.held;
        if (index < held.size() && held[index].place.size != 0) {
            return {&range->second, &held[index]};
        }
    }
    const auto single = singles_.find(number.value);
    if (single != singles_.end()) {
        return {&single->second, &single->second.held.front()};
    }
    return {};
}

void Leases::drop_if_empty(Lease& lease) {
    if (lease.live > 0) {
        return;
    }
    unschedule(lease);
    (lease.single ? singles_ : ranges_).erase(std::uint64_t{lease.first.value});
}

Held Leases::take(DeliveryNumber number) {
    const Found found = find(number);
    ESTEIRA_CHECK(found);
    Held held = std::move(*found.held);
    found.held->place.size = 0;
    count(*found.lease, 1, false);
    --found.lease->live;
    drop_if_empty(*found.lease);
    return held;
}

void Leases::put_in_order(Lease& lease, Time visible_at) {
    unschedule(lease);
    count(lease, lease.live, false);
    lease.visible_at = visible_at;
    schedule(lease);
    count(lease, lease.live, true);
}

void Leases::reschedule(const std::vector<Numbers>& numbers, Time visible_at,
                        const std::function<void(Held&, const Lease&)>& change) {
    for (const Numbers& run : numbers) {
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const Found found = find(DeliveryNumber{run.first.value + i});
            if (!found) {
                continue;
            }
            Lease& lease = *found.lease;
            const std::uint64_t end = run.first.value + run.count;
            // One that left the lease has one of its own: it is found by its number alone.
            const bool whole = lease.live == lease.held.size() &&
                               run.first.value <= lease.first.value &&
                               lease.first.value + lease.held.size() <= end;
            if (whole) {
                for (Held& held : lease.held) {
                    change(held, lease);
                }
                i = lease.first.value + lease.held.size() - 1 - run.first.value;
                put_in_order(lease, visible_at);
                continue;
            }
            change(*found.held, lease);
            Lease single{DeliveryNumber{run.first.value + i},
                         visible_at,
                         lease.leased_at,
                         lease.leased_at_wall,
                         lease.session,
                         0,
                         true,
                         {}};
            single.held.push_back(take(single.first));
            add(std::move(single));
        }
    }
}

void Leases::for_first_returned(
    std::size_t count, const std::function<bool(DeliveryNumber, const Held&)>& visit) const {
    for (const Key& key : back_) {
        const auto& map = key.second % 2 == 1 ? singles_ : ranges_;
        const Lease& lease = map.at(key.second / 2);
        for (std::size_t i = 0; i < lease.held.size(); ++i) {
            if (count == 0) {
                return;
            }
            if (lease.held[i].place.size == 0) {
                continue;
            }
            if (!visit(DeliveryNumber{lease.first.value + i}, lease.held[i])) {
                return;
            }
            --count;
        }
    }
}

std::optional<Time> Leases::next_return_at() const {
    if (flying_.empty()) {
        return std::nullopt;
    }
    return flying_.begin()->first;
}

void Leases::for_each(const std::function<void(const Lease&, std::size_t)>& visit) const {
    for (const auto* map : {&ranges_, &singles_}) {
        for (const auto& [first, lease] : *map) {
            for (std::size_t i = 0; i < lease.held.size(); ++i) {
                if (lease.held[i].place.size != 0) {
                    visit(lease, i);
                }
            }
        }
    }
}

void Leases::clear() {
    ranges_.clear();
    singles_.clear();
    flying_.clear();
    back_.clear();
    in_flight_ = 0;
    returned_count_ = 0;
}

}  // namespace esteira::engine

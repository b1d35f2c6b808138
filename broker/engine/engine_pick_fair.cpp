// Picking in a fair queue: a standard queue with groups, each the messages of one tenant. No tenant
// keeps the others waiting; nothing is refused or dropped for it.
#include <algorithm>
#include <queue>
#include <utility>

#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"

namespace esteira::engine {

namespace {

// Amazon's rule: a tenant is noisy with more than a tenth of what is in flight, if that is at least
// 30 messages, or with more than a tenth of the time spent at work lately. Who sent nothing for
// five minutes is quiet again, as is who has no messages left.
constexpr std::uint64_t kNoisyShare = 10;
constexpr std::uint64_t kNoisyLeast = 30;
constexpr Millis kQuietAfter = std::chrono::minutes(5);
// Shares of less time than this in all say nothing.
constexpr Millis kBusyLeast = std::chrono::seconds(10);
// Messages of noisy tenants that one receive passes over on its way to quiet ones.
constexpr std::size_t kPassedMax = 1000;

// What is picked counts as in flight at once, or one receive could take all of one tenant.
class Tenants {
public:
    Tenants(const Grouped& grouped, std::uint64_t in_flight, Time now)
        : grouped_(grouped), in_flight_(in_flight), now_(now) {}

    bool is_noisy(Grouped::Index group) const {
        if (grouped_.load(group).last_sent_at + kQuietAfter <= now_) {
            return false;
        }
        const std::uint64_t held = held_by(group);
        if (held >= kNoisyLeast && held * kNoisyShare > in_flight_) {
            return true;
        }
        const Millis all = grouped_.busy_of_all(now_);
        return all >= kBusyLeast &&
               grouped_.busy(group, now_) * static_cast<std::int64_t>(kNoisyShare) > all;
    }
    std::uint64_t held_by(Grouped::Index group) const {
        const auto picked = picked_.find(group);
        return grouped_.load(group).held + (picked == picked_.end() ? 0 : picked->second);
    }
    void count(Grouped::Index group) {
        ++picked_[group];
        ++in_flight_;
    }

private:
    const Grouped& grouped_;
    std::uint64_t in_flight_;
    Time now_;
    std::map<Grouped::Index, std::uint64_t> picked_;
};

// The next waiting message of a tenant; the lowest key is next.
struct Cursor {
    std::uint64_t key = 0;
    Grouped::Index message = 0;
    bool operator<(const Cursor& other) const { return key > other.key; }
};
using Line = std::priority_queue<Cursor>;

// All tenants' waiting messages, oldest first. Heads come in as the line reaches their age.
class OldestFirst {
public:
    explicit OldestFirst(const Grouped& grouped)
        : grouped_(grouped), tenant_(grouped.ready().begin()) {}

    // 0: there is none left.
    Grouped::Index next() {
        while (tenant_ != grouped_.ready().end() &&
               (line_.empty() || tenant_->first < line_.top().key)) {
            line_.push({tenant_->first, grouped_.first_of(tenant_->second)});
            ++tenant_;
        }
        if (line_.empty()) {
            return 0;
        }
        const Grouped::Index index = line_.top().message;
        line_.pop();
        return index;
    }
    void go_on_behind(const Grouped::Message& message) {
        if (message.next != 0) {
            line_.push({grouped_.message(message.next).sequence, message.next});
        }
    }

private:
    const Grouped& grouped_;
    Grouped::Ready::const_iterator tenant_;
    Line line_;
};

}  // namespace

// A message without a group is a tenant of its own, and so always quiet.
bool Engine::pick_without_group(Picking& picking) {
    Queue& queue = picking.queue;
    bool more = true;
    const auto take = [&](Place place) {
        more = look_at(picking, {}, nullptr, place);
        return more;
    };
    queue.delayed().for_first_due(picking.now.broker, kPassedMax, take);
    if (more) {
        queue.waiting().for_first(picking.count + kPassedMax, take);
    }
    return more;
}

// First everything of quiet tenants: what came back, what has no group, then the oldest in front.
// Then the noisy ones: what came back, and then always the one with the fewest in flight.
void Engine::pick_fair(Picking& picking) {
    Queue& queue = picking.queue;
    const Grouped& grouped = *queue.grouped();
    const Leases& leases = queue.leases();
    Tenants tenants(grouped, leases.in_flight() + leases.returned(), picking.now.broker);
    std::vector<std::pair<DeliveryNumber, const Held*>> passed;
    bool more = true;
    leases.for_first_returned(picking.count + kPassedMax,
                              [&](DeliveryNumber number, const Held& held) {
                                  if (held.group != 0 && tenants.is_noisy(held.group)) {
                                      passed.emplace_back(number, &held);
                                      return true;
                                  }
                                  more = look_at(picking, number, &held, held.place);
                                  return more;
                              });
    more = more && pick_without_group(picking);
    OldestFirst line(grouped);
    std::vector<Grouped::Index> noisy;
    while (more) {
        const Grouped::Index index = line.next();
        if (index == 0) {
            break;
        }
        const Grouped::Message& message = grouped.message(index);
        if (tenants.is_noisy(message.group)) {
            noisy.push_back(index);
            continue;
        }
        more = look_at(picking, {}, nullptr, message.place);
        tenants.count(message.group);
        line.go_on_behind(message);
    }
    for (std::size_t i = 0; more && i < passed.size(); ++i) {
        more = look_at(picking, passed[i].first, passed[i].second, passed[i].second->place);
    }
    Line fewest;
    for (const Grouped::Index index : noisy) {
        fewest.push({tenants.held_by(grouped.message(index).group), index});
    }
    while (more && !fewest.empty()) {
        const Grouped::Message& message = grouped.message(fewest.top().message);
        fewest.pop();
        more = look_at(picking, {}, nullptr, message.place);
        tenants.count(message.group);
        if (message.next != 0) {
            fewest.push({tenants.held_by(message.group), message.next});
        }
    }
}

}  // namespace esteira::engine

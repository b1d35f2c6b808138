#include "broker/control/definitions/plan.hpp"

#include <algorithm>
#include <iterator>

namespace esteira::control::definitions {

namespace {

constexpr const char* kDeadLetterQueue = "DeadLetterQueue";
constexpr const char* kFifoQueue = "FifoQueue";
constexpr const char* kMaxReceives = "MaxReceives";  // None without a dead-letter queue.
constexpr const char* kRedriveAllow = "RedriveAllow";
constexpr std::string_view kFifoName = ".fifo";

std::string value_of(const Texts& texts, const std::string& name) {
    const auto at = texts.find(name);
    return at == texts.end() ? std::string() : at->second;
}

std::string dead_letters_of(const Texts& attributes) {
    return value_of(attributes, kDeadLetterQueue);
}

std::vector<Change> differences(const Texts& from, const Texts& to) {
    std::vector<Change> changes;
    auto old = from.begin();
    auto now = to.begin();
    while (old != from.end() || now != to.end()) {
        if (now == to.end() || (old != from.end() && old->first < now->first)) {
            changes.push_back({old->first, old->second, std::nullopt});
            ++old;
        } else if (old == from.end() || now->first < old->first) {
            changes.push_back({now->first, std::nullopt, now->second});
            ++now;
        } else {
            if (old->second != now->second) {
                changes.push_back({old->first, old->second, now->second});
            }
            ++old;
            ++now;
        }
    }
    return changes;
}

// Names of `queues`, each behind the one that its dead letters go to.
template <class Queues>
std::vector<std::string> dead_letters_first(const Queues& queues) {
    std::vector<std::string> order;
    std::set<std::string> seen;
    for (const auto& [first, unused] : queues) {
        std::vector<std::string> chain;
        for (auto at = queues.find(first); at != queues.end() && seen.insert(at->first).second;
             at = queues.find(dead_letters_of(at->second.attributes))) {
            chain.push_back(at->first);
        }
        order.insert(order.end(), chain.rbegin(), chain.rend());
    }
    return order;
}

class Planner {
public:
    Planner(const Wanted& wanted, const Existing& existing, const Pruning& pruning)
        : wanted_(wanted), existing_(existing), pruning_(pruning) {}

    Plan plan() {
        for (const std::string& name : dead_letters_first(wanted_.queues)) {
            plan_queue(name, wanted_.queues.at(name));
        }
        std::move(later_.begin(), later_.end(), std::back_inserter(plan_.steps));
        for (const auto& [name, topic] : wanted_.topics) {
            plan_topic(name, topic);
        }
        for (const auto& [name, topic] : wanted_.topics) {
            for (const auto& [queue, filter] : topic.subscriptions) {
                plan_subscription({Kind::subscription, name, queue}, filter);
            }
        }
        leave_or_remove();
        return std::move(plan_);
    }

private:
    bool will_be_there(const std::string& queue) const {
        return wanted_.queues.contains(queue) || existing_.queues.contains(queue);
    }

    void refuse(const Item& item, const std::string& reason) {
        plan_.conflicts.push_back({item, reason});
    }

    void plan_queue(const std::string& name, const WantedQueue& queue) {
        const Item item{Kind::queue, name, {}};
        if (existing_.topics.contains(name)) {
            return refuse(item, "there is a topic of that name");
        }
        const std::string dead = dead_letters_of(queue.attributes);
        if (dead == name) {
            refuse(item, "it cannot be its own dead-letter queue");
        } else if (!dead.empty() && !will_be_there(dead)) {
            refuse(item, "its dead-letter queue " + dead + " is neither declared nor there");
        } else if (!dead.empty() && dead.ends_with(kFifoName) != name.ends_with(kFifoName)) {
            refuse(item, "its dead-letter queue " + dead + " is of the other kind");
        }
        const auto there = existing_.queues.find(name);
        if (there == existing_.queues.end()) {
            create_queue(item, queue);
        } else if (!queue.implied) {
            change_queue(item, queue, there->second);
        }
        made_.insert(name);
    }

    // What would refuse other steps as long as it is so, or be refused, is set when all are there.
    void create_queue(const Item& item, const WantedQueue& queue) {
        Step step{Act::create, item, differences({}, queue.create), differences({}, queue.tags), 0};
        Step later{Act::change, item, {}, {}, 0};
        const std::string dead = dead_letters_of(queue.create);
        const bool in_circle =
            !dead.empty() && !made_.contains(dead) && !existing_.queues.contains(dead);
        const auto waits = [&](const Change& change) {
            return change.name == kRedriveAllow ||
                   (in_circle && (change.name == kDeadLetterQueue || change.name == kMaxReceives));
        };
        const auto moved = std::stable_partition(step.attributes.begin(), step.attributes.end(),
                                                 [&](const Change& c) { return !waits(c); });
        later.attributes.assign(moved, step.attributes.end());
        step.attributes.erase(moved, step.attributes.end());
        plan_.steps.push_back(std::move(step));
        if (!later.attributes.empty()) {
            later_.push_back(std::move(later));
        }
    }

    void change_queue(const Item& item, const WantedQueue& queue, const ExistingQueue& there) {
        if (value_of(there.attributes, kFifoQueue) != value_of(queue.attributes, kFifoQueue)) {
            return refuse(item, "FifoQueue cannot be changed while the queue lives");
        }
        Step step{Act::change, item, differences(there.attributes, queue.attributes),
                  differences(there.tags, queue.tags), 0};
        std::erase_if(step.attributes, [&](const Change& change) {
            return is_of_the_moment(change.name) && !queue.create.contains(change.name);
        });
        if (!step.attributes.empty() || !step.tags.empty()) {
            plan_.steps.push_back(std::move(step));
        }
    }

    void plan_topic(const std::string& name, const config::TopicDefinition& topic) {
        const Item item{Kind::topic, name, {}};
        if (existing_.queues.contains(name)) {
            return refuse(item, "there is a queue of that name");
        }
        if (wanted_.queues.contains(name)) {
            return refuse(item, "a queue of that name comes along with another one");
        }
        const auto there = existing_.topics.find(name);
        if (there == existing_.topics.end()) {
            plan_.steps.push_back({Act::create, item, {}, differences({}, topic.tags), 0});
        } else if (there->second.tags != topic.tags) {
            refuse(item, "the tags of a topic cannot be changed while it lives");
        }
    }

    void plan_subscription(const Item& item, const std::string& filter) {
        if (!will_be_there(item.queue)) {
            return refuse(item, "the queue is neither declared nor there");
        }
        const auto topic = existing_.topics.find(item.name);
        const auto* subscriptions =
            topic == existing_.topics.end() ? nullptr : &topic->second.subscriptions;
        if (subscriptions == nullptr || !subscriptions->contains(item.queue)) {
            std::vector<Change> filters;
            if (!filter.empty()) {
                filters.push_back({"filter", std::nullopt, filter});
            }
            plan_.steps.push_back({Act::create, item, std::move(filters), {}, 0});
        } else if (subscriptions->at(item.queue) != filter) {
            plan_.steps.push_back(
                {Act::change, item, {{"filter", subscriptions->at(item.queue), filter}}, {}, 0});
        }
    }

    // What somebody declared needs it.
    std::set<std::string> needed() const {
        std::set<std::string> names = wanted_.kept;
        for (const auto& [name, queue] : wanted_.queues) {
            names.insert(dead_letters_of(queue.attributes));
        }
        for (const auto& [name, topic] : wanted_.topics) {
            for (const auto& [queue, filter] : topic.subscriptions) {
                names.insert(queue);
            }
        }
        // And what those that stay as they are need in turn.
        std::vector<std::string> rest{names.begin(), names.end()};
        while (!rest.empty()) {
            const auto at = existing_.queues.find(rest.back());
            rest.pop_back();
            const auto said = at == existing_.queues.end() ? wanted_.queues.end()
                                                           : wanted_.queues.find(at->first);
            const bool is_declared = said != wanted_.queues.end() && !said->second.implied;
            if (at == existing_.queues.end() || is_declared) {
                continue;
            }
            if (const auto dead = dead_letters_of(at->second.attributes);
                names.insert(dead).second) {
                rest.push_back(dead);
            }
        }
        return names;
    }

    void leave_or_remove() {
        for (const auto& [name, topic] : existing_.topics) {
            const auto declared = wanted_.topics.find(name);
            for (const auto& [queue, filter] : topic.subscriptions) {
                const Item item{Kind::subscription, name, queue};
                if (declared == wanted_.topics.end() && pruning_.undeclared) {
                    plan_.steps.push_back({Act::remove, item, {}, {}, 0});
                } else if (declared != wanted_.topics.end() &&
                           !declared->second.subscriptions.contains(queue)) {
                    leave_or_remove(item, 0);
                }
            }
        }
        for (const auto& [name, topic] : existing_.topics) {
            if (!wanted_.topics.contains(name)) {
                leave_or_remove({Kind::topic, name, {}}, 0);
            }
        }
        const std::set<std::string> needed_names = needed();
        std::vector<std::string> names = dead_letters_first(existing_.queues);
        std::reverse(names.begin(), names.end());
        for (const auto& [name, queue] : existing_.queues) {
            sources_.emplace(dead_letters_of(queue.attributes), name);
        }
        for (const std::string& name : names) {
            const Item item{Kind::queue, name, {}};
            if (wanted_.queues.contains(name)) {
                continue;
            }
            if (needed_names.contains(name)) {
                plan_.left_alone.push_back(item);
            } else {
                if (pruning_.undeclared) {
                    let_go_of(name);
                }
                leave_or_remove(item, existing_.queues.at(name).messages);
            }
        }
    }

    void leave_or_remove(const Item& item, std::uint64_t messages) {
        if (!pruning_.undeclared) {
            plan_.left_alone.push_back(item);
        } else if (messages > 0 && !pruning_.with_messages) {
            refuse(item, "is to be removed and holds " + std::to_string(messages) +
                             " messages; --with-messages removes them as well");
        } else {
            plan_.steps.push_back({Act::remove, item, {}, {}, messages});
        }
    }

    // Where dead letters go in a circle, a queue that serves another one is let go before it goes.
    void let_go_of(const std::string& dead) {
        const auto [first, last] = sources_.equal_range(dead);
        for (auto at = first; at != last; ++at) {
            const auto& [unused, name] = *at;
            if (!gone_.contains(name) && !wanted_.queues.contains(name)) {
                const Texts& now = existing_.queues.at(name).attributes;
                plan_.steps.push_back({Act::change,
                                       {Kind::queue, name, {}},
                                       {{kDeadLetterQueue, dead, ""},
                                        {kMaxReceives, value_of(now, kMaxReceives), "0"}},
                                       {},
                                       0});
            }
        }
        gone_.insert(dead);
    }

    const Wanted& wanted_;
    const Existing& existing_;
    const Pruning& pruning_;
    std::set<std::string> made_;                       // Queues that are planned so far.
    std::multimap<std::string, std::string> sources_;  // Of each dead-letter queue that is there.
    std::set<std::string> gone_;
    std::vector<Step> later_;
    Plan plan_;
};

}  // namespace

Plan plan_of(const Wanted& wanted, const Existing& existing, const Pruning& pruning) {
    return Planner{wanted, existing, pruning}.plan();
}

bool is_of_the_moment(const std::string& attribute) {
    return attribute == "SendsPaused" || attribute == "ReceivesPaused";
}

}  // namespace esteira::control::definitions

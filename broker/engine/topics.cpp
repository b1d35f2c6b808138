#include "broker/engine/topics.hpp"

#include <algorithm>
#include <utility>

namespace esteira::engine {

namespace {

auto place_of(const std::vector<Subscription>& list, QueueNumber queue) {
    return std::find_if(list.begin(), list.end(),
                        [queue](const Subscription& s) { return s.queue == queue; });
}

}  // namespace

void Topics::subscribe(QueueNumber topic, Subscription subscription) {
    List& list = topics_[topic];
    filter_bytes_ += subscription.filter.size();
    const auto at = place_of(list, subscription.queue);
    if (at == list.end()) {
        ++count_;
        list.push_back(std::move(subscription));
        return;
    }
    filter_bytes_ -= at->filter.size();
    list[static_cast<std::size_t>(at - list.begin())] = std::move(subscription);
}

void Topics::drop(List& list, List::iterator at) {
    --count_;
    filter_bytes_ -= at->filter.size();
    list.erase(at);
}

bool Topics::unsubscribe(QueueNumber topic, QueueNumber queue) {
    const auto list = topics_.find(topic);
    if (list == topics_.end()) {
        return false;
    }
    const auto at = place_of(list->second, queue);
    if (at == list->second.end()) {
        return false;
    }
    drop(list->second, list->second.begin() + (at - list->second.cbegin()));
    if (list->second.empty()) {
        topics_.erase(list);
    }
    return true;
}

void Topics::forget(QueueNumber removed) {
    if (const auto list = topics_.find(removed); list != topics_.end()) {
        while (!list->second.empty()) {
            drop(list->second, list->second.end() - 1);
        }
        topics_.erase(list);
    }
    for (const QueueNumber topic : feeding(removed)) {
        unsubscribe(topic, removed);
    }
}

const std::vector<Subscription>& Topics::of(QueueNumber topic) const {
    static const List kNone;
    const auto list = topics_.find(topic);
    return list == topics_.end() ? kNone : list->second;
}

const Subscription* Topics::find(QueueNumber topic, QueueNumber queue) const {
    const List& list = of(topic);
    const auto at = place_of(list, queue);
    return at == list.end() ? nullptr : &*at;
}

std::vector<QueueNumber> Topics::feeding(QueueNumber queue) const {
    std::vector<QueueNumber> feeding;
    for (const auto& [topic, list] : topics_) {
        if (place_of(list, queue) != list.end()) {
            feeding.push_back(topic);
        }
    }
    return feeding;
}

std::uint64_t Topics::digest() const {
    std::uint64_t sum = 0;
    for (const auto& [topic, list] : topics_) {
        for (std::size_t i = 0; i < list.size(); ++i) {
            std::uint64_t h = (topic.value << 32 | list[i].queue.value) * 0xBF58476D1CE4E5B9ULL + i;
            for (const char c : list[i].filter) {
                h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
            }
            sum += h ^ (h >> 31);
        }
    }
    return sum;
}

}  // namespace esteira::engine

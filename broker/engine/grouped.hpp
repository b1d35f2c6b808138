#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/engine/leases.hpp"
#include "broker/engine/waiting.hpp"
#include "common/base/clock.hpp"
#include "common/base/ids.hpp"

// The messages of one queue that have a group: all of a FIFO queue, the tenants' of a fair one.
//
// A message that waits is an entry in the list of its group, in the order of its sequence number;
// one that was handed out lives in Leases, and is known here by its sequence number. In a FIFO
// queue a group is handed out from its front alone: what came back, then what waits, up to the
// first one that is in flight or not yet due. What was handed out always stands before what waits.
//
// 48 bytes a waiting message and about 40 in the table that finds it by its place; a group costs
// its id and about 200 bytes as long as it has messages.
namespace esteira::engine {

class Grouped {
public:
    using Index = std::uint32_t;  // Of a group or of a waiting message; 0 is none.

    struct Message {
        Place place;
        Index group = 0;
        std::uint64_t sequence = 0;
        Time visible_at{};         // Ordered groups only: not due before; zero: at once.
        std::uint32_t sent_s = 0;  // Wall time in seconds; 0: it was delayed, and is not known.
        Index next = 0;
        Index before = 0;
    };

    // What one tenant of a fair queue takes of it.
    struct Load {
        std::uint32_t held = 0;
        Time last_sent_at{};
        std::uint64_t window = 0;  // Of five minutes, which `busy` is of.
        Millis busy{0};            // Time that its messages were at work in this window,
        Millis busy_before{0};     // and in the one before.
    };

    // `ordered`: the groups of a FIFO queue.
    explicit Grouped(bool ordered) : ordered_(ordered) {}

    // The group with this id, made when it is new. It stays as long as anything is in it.
    Index group(std::string_view id);
    const std::string& id(Index group) const { return groups_[group - 1].id; }

    // A message takes its place in its group.
    void push(const Message& message, Time now);
    // A waiting one leaves; nothing if it is not here.
    std::optional<Message> take(Position at);
    bool has(Position at) const { return by_place_.contains(at); }
    const Message* find(Position at) const;

    // A message of the group is handed out under this number, or again under another one.
    void hold(Index group, std::uint64_t sequence, DeliveryNumber number);
    // It is gone, after so long at work.
    void drop(Index group, std::uint64_t sequence, Millis busy, Time now);
    // Its time has changed.
    void touch(Index group);
    // A delayed one of an unordered queue, which is counted here until it is pushed or gone.
    void count_delayed(Index group, bool in);

    // No message of an ordered group is due later than this any more.
    void cap_delays(Time latest);
    void advance(Time now);
    // To be called after changes: which groups may be handed out.
    void refile(Leases& leases, Time now);

    // Groups with something to hand out, the one whose first message is the oldest in front:
    // (sequence number of that message, group).
    using Ready = std::set<std::pair<std::uint64_t, Index>>;
    const Ready& ready() const { return ready_; }
    // What of an ordered group may be handed out now, in order. Stops when `visit` says false.
    void for_each_deliverable(Index group, Leases& leases, Time now,
                              const std::function<bool(DeliveryNumber, Place)>& visit) const;
    // When the next ordered group is due that is not ready.
    std::optional<Time> next_due_at() const;
    // When the next delayed message of an ordered group is due, wherever it stands.
    std::optional<Time> next_delayed_at() const;

    const Message& message(Index index) const { return messages_[index - 1]; }
    Index first_of(Index group) const { return groups_[group - 1].first; }
    const Load& load(Index group) const { return groups_[group - 1].load; }
    // Of a tenant, and of all: time at work lately.
    Millis busy(Index group, Time now) const { return recent(groups_[group - 1].load, now); }
    Millis busy_of_all(Time now) const { return recent(all_, now); }

    std::size_t waiting() const { return by_place_.size(); }
    std::uint64_t bytes() const { return bytes_; }  // Of those that wait.
    std::size_t delayed() const { return delayed_count_; }
    std::size_t group_count() const { return by_id_.size(); }
    std::optional<WallTime> oldest_sent_at() const;

    void for_each(const std::function<void(Place)>& visit) const;
    // In the order of their sequence numbers: those that are due, or those that are not yet; the
    // first `count` of them.
    std::vector<Place> in_order(Time now, bool due, std::size_t count) const;
    // The next ones behind that sequence number which are due, at most `count`.
    using Numbered = std::pair<std::uint64_t, Position>;
    std::vector<Numbered> next_in_order(std::uint64_t after, std::size_t count, Time now) const;
    void clear();

private:
    struct Group {
        std::string id;
        Index first = 0;
        Index last = 0;
        Index hint = 0;  // Where something left or came in last; what moved with it is near.
        std::uint32_t waiting = 0;
        std::uint32_t delayed = 0;
        bool changed = false;
        bool is_ready = false;
        bool is_later = false;
        std::uint64_t filed_sequence = 0;
        Time filed_time{};
        std::map<std::uint64_t, DeliveryNumber> held;  // Ordered groups.
        Load load;
    };
    struct PlaceHash {
        std::size_t operator()(Position p) const noexcept {
            return (std::uint64_t{p.chunk} << 32 | p.slot) * 0x9E3779B97F4A7C15ULL >> 16;
        }
    };

    Group& at(Index group) { return groups_[group - 1]; }
    Message& node(Index index) { return messages_[index - 1]; }
    Index place_before(const Group& group, std::uint64_t sequence) const;
    void unfile(Index index, Group& group);
    void file(Index index, Group& group, Leases& leases, Time now);
    void forget_if_empty(Index index, Group& group);
    void uncount_delay(Time visible_at);
    static void add_busy(Load& load, Millis busy, Time now);
    static Millis recent(const Load& load, Time now);

    bool ordered_;
    std::deque<Group> groups_;
    std::vector<Index> free_groups_;
    std::unordered_map<std::string_view, Index> by_id_;  // Views into groups_.
    std::deque<Message> messages_;
    std::vector<Index> free_messages_;
    std::unordered_map<Position, Index, PlaceHash> by_place_;
    Ready ready_;
    std::set<std::pair<Time, Index>> later_;  // By when their first message is due.
    std::vector<Index> changed_;
    std::map<Time, std::size_t> delays_;  // How many ordered messages are due when.
    std::size_t delayed_count_ = 0;
    std::uint64_t bytes_ = 0;
    Load all_;
};

}  // namespace esteira::engine

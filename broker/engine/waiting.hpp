#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/ids.hpp"

// The messages of one queue that nobody has received yet: all that is known of one in RAM is where
// its record stands and how long it is. Whatever else there is to know stands in the record.
namespace esteira::engine {

// Where a record is. 12 bytes; inside a run the chunk is said once, so a message costs 8.
struct Place {
    Position at;
    std::uint32_t size = 0;
    bool operator==(const Place&) const = default;
};

// Visible from the moment they were sent; oldest first. A run is what one chunk holds of them.
class Waiting {
public:
    void push(Place place, WallTime sent_at);

    // The relocated copy of what stood at `old` takes its turn: before what is left of that run.
    // `age` is the chunk that the message first stood in.
    void push_relocated(Place place, Position old, std::uint32_t age, WallTime sent_at);

    // The next one to hand out, and the first `count` of them in order.
    std::optional<Place> front() const;
    void for_first(std::size_t count, const std::function<bool(Place)>& visit) const;

    // A place in the order: where a message stands, or stood. It holds while the log grows; when a
    // record is written again, whoever keeps a mark on it has to follow.
    struct Mark {
        Position at;
        std::uint32_t age = 0;
    };
    struct After {
        bool lost = false;  // What is behind the mark cannot be told any more.
        std::optional<Place> next;
    };
    After next_after(const Mark& mark) const;

    // False when it is not here.
    bool remove(Position at, std::uint32_t* size);
    bool has(Position at) const { return age_of(at).has_value(); }
    // The chunk that the message at `at` first stood in.
    std::optional<std::uint32_t> age_of(Position at) const;

    std::size_t count() const { return count_; }
    std::uint64_t bytes() const { return bytes_; }
    // Not later than the oldest send time here; nothing when empty.
    std::optional<WallTime> oldest_sent_at() const;
    // The head's real send time, once it was read.
    void set_oldest_sent_at(WallTime sent_at);

    // Those that stand in `chunk`, in the order of their slots.
    void in_chunk(std::uint32_t chunk, const std::function<void(Place)>& visit) const;
    void clear();

private:
    struct Entry {
        std::uint32_t slot;
        std::uint32_t size;  // 0: a hole; it was removed out of turn.
    };
    struct Run {
        std::uint32_t chunk;
        std::uint32_t age;
        WallTime earliest_sent_at;
        std::deque<Entry> entries;  // By slot.
    };

    // The live entry at `at` and its run, or nulls.
    std::pair<const Run*, const Entry*> find(Position at) const;

    std::deque<Run> runs_;
    std::size_t count_ = 0;
    std::uint64_t bytes_ = 0;
};

// Not visible before a time of their own. Kept by second, so that finding one is cheap both by time
// and by place; 32 bytes a message.
class Delayed {
public:
    struct Entry {
        Time visible_at;
        Place place;  // Size 0: a hole.
        std::uint32_t group = 0;
        std::uint64_t sequence = 0;
    };

    // A message of a group says which, and its sequence number in it.
    void push(Place place, Time visible_at, std::uint32_t group = 0, std::uint64_t sequence = 0);
    // `visible_at`, where it is known, saves the search. Nothing when it is not here.
    std::optional<Entry> remove(Position at, std::optional<Time> visible_at);
    // Those of groups that are due leave.
    void take_due_of_groups(Time now, const std::function<void(const Entry&)>& visit);

    // The first of those that are due, in order of their second.
    std::optional<Place> front_due(Time now) const;
    void for_first_due(Time now, std::size_t count, const std::function<bool(Place)>& visit) const;
    // A place in that order, and the first one behind it (from the front: nothing) that is due.
    struct Mark {
        std::int64_t second = 0;
        Position at;
    };
    std::optional<std::pair<Place, Mark>> next_due_after(const std::optional<Mark>& mark,
                                                         Time now) const;
    bool has(Position at) const;
    std::size_t count() const { return count_; }
    std::size_t count_due(Time now) const;
    // When the next one is due that is not yet.
    std::optional<Time> next_due_after(Time now);

    void for_each(const std::function<void(Place)>& visit) const;
    void for_each_entry(const std::function<void(const Entry&)>& visit) const;
    void clear();

private:
    struct Second {
        Time earliest;  // Of the live ones, unless `stale`.
        bool stale = false;
        std::size_t live = 0;
        std::size_t grouped = 0;     // Live ones that have a group.
        std::vector<Entry> entries;  // By position: the log only grows.
    };

    using Seconds = std::map<std::int64_t, Second>;
    std::optional<Entry> remove_from(Seconds::iterator second, Position at);
    Entry take(Second& second, Entry& entry);

    Seconds seconds_;
    std::size_t count_ = 0;
};

}  // namespace esteira::engine

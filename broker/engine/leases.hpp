#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/engine/events.hpp"
#include "broker/engine/waiting.hpp"
#include "common/base/clock.hpp"
#include "common/base/ids.hpp"

// The messages of one queue that were handed out and not yet removed: in flight while their lease
// runs, returned when it has run out. A lease is kept per delivery, so that handing out and
// settling a hundred messages is one entry and a small record; a message that gets a deadline of
// its own leaves its delivery for a lease of one.
namespace esteira::engine {

// What happened to a message since its record was written.
struct HeldStory {
    WallTime first_received_at{};
    std::uint32_t crashes = 0;
    std::string reason;
    std::string history;  // The block of its attempts since; empty: none has ended.
    // What it can add to a delivery.
    std::size_t told_bytes() const { return reason.size() + history.size(); }
};

struct Held {
    Place place;                 // Size 0: not here (any more).
    std::uint32_t receives = 0;  // In this queue, of this record.
    bool receipt_open = true;    // Nobody has spent the receipt of its last delivery.
    bool started = false;        // The worker said that it is at work on it. Not journaled.
    std::uint32_t group = 0;     // In Grouped; 0: it has none.
    std::uint64_t sequence = 0;
    std::unique_ptr<HeldStory> story{};
};

struct Lease {
    DeliveryNumber first;
    Time visible_at{};
    Time leased_at{};
    WallTime leased_at_wall{};
    std::uint64_t session = 0;  // Who holds it; 0: nobody any more.
    std::size_t live = 0;
    bool single = false;
    std::vector<Held> held;  // held[i] has the delivery number first + i.
};

class Leases {
public:
    // Leases that have run out by `now` count as returned from here on. The phase is a function of
    // `now`; this only moves the cursor.
    void advance(Time now);
    Time now() const { return now_; }

    // Takes `lease.held` in as one delivery; entries of size 0 are gaps.
    void add(Lease lease);

    // The lease and the index of a message that is here.
    struct Found {
        Lease* lease = nullptr;
        Held* held = nullptr;
        explicit operator bool() const { return held != nullptr; }
    };
    Found find(DeliveryNumber number);

    // Takes a message out.
    Held take(DeliveryNumber number);

    // Gives the messages a new deadline: the whole lease where `numbers` cover all of it,
    // else each a lease of its own. Calls `change` for every message that is here.
    void reschedule(const std::vector<Numbers>& numbers, Time visible_at,
                    const std::function<void(Held&, const Lease&)>& change);

    // Returned messages, the one that became visible first in front.
    void for_first_returned(std::size_t count,
                            const std::function<bool(DeliveryNumber, const Held&)>& visit) const;

    std::size_t in_flight() const { return in_flight_; }
    std::size_t returned() const { return returned_count_; }
    // When the next lease runs out.
    std::optional<Time> next_return_at() const;

    void for_each(const std::function<void(const Lease&, std::size_t index)>& visit) const;
    void clear();

private:
    using Key = std::pair<Time, std::uint64_t>;  // Deadline, first delivery number.

    Lease* lease_of(std::uint64_t first, bool single);
    void schedule(const Lease& lease);
    void unschedule(const Lease& lease);
    void count(const Lease& lease, std::size_t messages, bool in);
    void drop_if_empty(Lease& lease);
    void put_in_order(Lease& lease, Time visible_at);

    Time now_{};
    std::map<std::uint64_t, Lease> ranges_;   // By first delivery number; they never overlap.
    std::map<std::uint64_t, Lease> singles_;  // Those that left their range, by delivery number.
    // (deadline, first number * 2 + single): who is in flight, and who is back.
    std::set<Key> flying_;
    std::set<Key> back_;
    std::size_t in_flight_ = 0;
    std::size_t returned_count_ = 0;
};

}  // namespace esteira::engine

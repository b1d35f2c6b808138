#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/engine/events.hpp"
#include "broker/engine/grouped.hpp"
#include "broker/engine/leases.hpp"
#include "broker/engine/sessions.hpp"
#include "broker/engine/settings.hpp"
#include "broker/engine/usage.hpp"
#include "broker/engine/waiting.hpp"

// The life of a message. This file is the rule book of one queue.
//
//                 visible_at due                       done
//   send+delay --> delayed ---.                     .-----------> gone
//                              v       receive      |
//   send -------------------> ready ------------> in flight ----> dead-letter queue
//                              ^                    |     dead
//                              '--- visible_at due -'
//                                   retry, hand_back, a dead worker
//
//   A phase is never stored: it is read off visible_at and on whether there was a delivery, so no
//   timer can be late and no flag can contradict the clock. A message that was received
//   max_receives times is not handed out again: the receive that would exceed the count buries it
//   instead.
//
// Pure: no clock, no I/O, no randomness, no logging. Time comes in as `now`, events are applied
// here and nowhere else; live traffic and recovery run the same code.
namespace esteira::engine {

// What has ever happened in a queue. At any instant
//   sent + moved_in = visible + delayed + in flight
//                     + deleted + buried + redriven + expired + damaged + purged + dropped.
enum class Total : std::uint8_t {
    sent,
    moved_in,  // Buried or redriven into this queue.
    received,  // Deliveries.
    deleted,
    buried,    // Moved to the dead-letter queue.
    redriven,  // Moved out again.
    expired,
    damaged,
    purged,
    retried,
    timed_out,  // Delivered again after a lease ran out.
    handed_back,
    worker_dead,
    crashed,
    unrouted,  // Of a topic: sent, and no filter matched. Its `sent` counts these as well.
    dropped,   // By an operator.
    count_,
};
using Totals = std::array<std::uint64_t, static_cast<std::size_t>(Total::count_)>;
const char* to_string(Total total);

struct Counts {
    std::uint64_t visible = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t delayed = 0;
    std::uint64_t all() const { return visible + in_flight + delayed; }
};

// Where the log begins. What a record refers to is always older, so it is dropped first: a
// reference below the start is skipped, any other unknown one is damage.
struct LogStart {
    std::uint32_t chunk = 0;
};

class Queue {
public:
    Queue(QueueNumber number, QueueKind kind, std::string name, WallTime created_at);

    QueueNumber number() const { return number_; }
    QueueKind kind() const { return kind_; }
    const std::string& name() const { return name_; }
    WallTime created_at() const { return created_at_; }
    WallTime modified_at() const { return modified_at_; }
    const Settings& settings() const { return settings_; }
    const dialogue::Attributes& tags() const { return tags_; }
    void set(Settings settings, Now now);
    void set_tags(dialogue::Attributes tags, WallTime at);

    // Leases that ran out and delays that are due by `now` count from here on.
    void advance(Time now);
    Counts counts(Time now) const;
    std::uint64_t messages() const;
    std::uint64_t bytes() const { return bytes_; }
    std::optional<WallTime> oldest_sent_at() const;
    const Totals& totals() const { return totals_; }
    std::uint64_t& total(Total t) { return totals_[static_cast<std::size_t>(t)]; }

    // Whether a receive at `now` (after advance) would find something.
    bool has_visible(Time now) const;
    // Likewise, whether it would find `messages`, or as many as one answer holds.
    bool has_batch(std::uint32_t messages, Time now);
    // When the queue may have a batch of `messages`, or a larger one, by itself: when one more of
    // them becomes visible. Nothing when none has a time of its own.
    std::optional<Time> next_visible_after(Time now, std::uint32_t messages);

    Waiting& waiting() { return waiting_; }
    const Waiting& waiting() const { return waiting_; }
    Delayed& delayed() { return delayed_; }
    const Delayed& delayed() const { return delayed_; }
    // Null while no message has a group.
    Grouped* grouped() { return grouped_.get(); }
    const Grouped* grouped() const { return grouped_.get(); }
    // Whether a message waits here, or is delayed, and where.
    bool is_waiting(Position at) const;
    // When what waits there is due, in a FIFO queue: its delay may be shorter than it was.
    std::optional<Time> due_at(Position at) const;
    // Messages that wait and are due, oldest first (of a queue with groups: within what has none,
    // and within what has).
    void for_first_waiting(std::size_t count, const std::function<bool(Place)>& visit) const;
    // Those with a delay of their own, or of their FIFO queue.
    void for_each_delayed(const std::function<void(Place)>& visit) const;
    // How often it was emptied: what was remembered of it before does not count any more.
    std::uint32_t purges() const { return purges_; }
    // Sends that repeated a deduplication id, since the broker has started.
    std::uint64_t dedup_hits() const { return dedup_hits_; }
    void count_dedup_hit() { ++dedup_hits_; }
    Leases& leases() { return leases_; }
    const Leases& leases() const { return leases_; }

    // apply(), by event. `at` and `size` say where a stored record stands; `sessions`, who holds
    // what.
    void store(const Stored& e, Place place, Time now, Usage& usage);
    void lease(const Leased& e, Now now, const LogStart& start, const Sessions& sessions);
    void remove(const Removed& e, Usage& usage, const LogStart& start);
    void reschedule(const Rescheduled& e, WallTime now, const LogStart& start,
                    const Sessions& sessions);
    void set_aside(const SetAside& e, Usage& usage, const LogStart& start);
    void purge(Usage& usage);
    // A message leaves because the record `by` takes its place.
    void give_up(const Replaces& replaces, const Stored& by, Usage& usage, const LogStart& start);

    // From now on its number is put there whenever anything happens to it; nullptr: no more.
    void watch(std::vector<QueueNumber>* stirred) { stirred_ = stirred; }

    // A number that two queues with the same messages in the same phases share.
    std::uint64_t digest() const;

private:
    void stir() {
        if (stirred_ != nullptr && (stirred_->empty() || stirred_->back() != number_)) {
            stirred_->push_back(number_);
        }
    }
    // A message that leaves the waiting ones: where it stood, and its group if it has one.
    struct Taken {
        Place place;
        Grouped::Index group = 0;
        std::uint64_t sequence = 0;
    };
    bool has_batch_in_order(std::uint64_t messages, Time now);
    void forget(Place place, Usage& usage);
    std::optional<Taken> take_waiting(Position at, std::optional<Time> visible_at,
                                      const LogStart& start);
    // A message that was handed out is gone for good.
    void let_go(DeliveryNumber number, Usage& usage);
    Grouped::Index group_of(const Stored& e);
    void refile();
    bool known(DeliveryNumber number, const LogStart& start);

    QueueNumber number_;
    QueueKind kind_;
    std::string name_;
    WallTime created_at_;
    WallTime modified_at_;
    Settings settings_;
    dialogue::Attributes tags_;
    Waiting waiting_;
    Delayed delayed_;
    Leases leases_;
    std::unique_ptr<Grouped> grouped_;
    std::uint32_t purges_ = 0;
    std::uint64_t dedup_hits_ = 0;
    std::uint64_t bytes_ = 0;
    Totals totals_{};
    std::vector<QueueNumber>* stirred_ = nullptr;  // Where it is noted.
};

}  // namespace esteira::engine

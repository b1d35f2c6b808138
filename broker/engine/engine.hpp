#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/engine/alarms.hpp"
#include "broker/engine/dedup.hpp"
#include "broker/engine/events.hpp"
#include "broker/engine/log.hpp"
#include "broker/engine/moves.hpp"
#include "broker/engine/peeked.hpp"
#include "broker/engine/picked.hpp"
#include "broker/engine/queue.hpp"
#include "broker/engine/receive_attempts.hpp"
#include "broker/engine/receivers.hpp"
#include "broker/engine/sessions.hpp"
#include "broker/engine/state_writer.hpp"
#include "broker/engine/tools.hpp"
#include "broker/engine/topics.hpp"
#include "broker/engine/usage.hpp"
#include "common/base/bytes.hpp"
#include "common/base/dialogue.hpp"

// All queues of a broker: decides what is asked, in the order in which it is asked.
//
// Every change is an event: it is written into the log and applied, in this order, by commit().
// Recovery hands the same events to the same apply(). Answers are values that the caller holds back
// until the log is durable. Pure but for the log: no clock, no threads, no randomness.
namespace esteira::engine {

struct Answered {
    std::uint64_t ticket = 0;  // Of the request, as it was given to execute().
    dialogue::Response response;
};

class Engine {
public:
    Engine(Log& log, const Tools& tools, std::uint64_t broker_id);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Recovery: the state that the first chunk opens with, then every frame. Throws BrokenLog.
    void load_state(std::uint32_t chunk, std::span<const std::byte> state);
    void replay_frame(Position at, Now now, std::span<const std::byte> payload);
    // The log is read; from here on requests may come. Workers get a fresh while to show up.
    void recovered(Now now);

    // What every new chunk opens with: all that is not a message.
    std::vector<std::byte> state() const;

    // Decides one request. Answers appear in answers(), at once or, for a receive that has to wait,
    // at a later turn's serve(). `hash` tells two contents under one number apart.
    void execute(std::uint64_t ticket, const dialogue::Request& request, std::uint64_t hash,
                 Now now);

    // Wakes receivers for everything that became visible, and those whose wait is over.
    void serve(Now now);
    // Upkeep by time: silent workers, idle sessions, expired messages. Bounded in a call.
    void sweep(Now now);
    // Writes live messages of the oldest chunk again, at most `budget` bytes of them (or one that
    // is larger, for a budget of a whole slice). Returns how many bytes that were.
    std::size_t collect(std::uint32_t open_chunk, std::size_t budget, Now now);
    // The oldest chunk that is still needed.
    std::uint32_t first_needed(std::uint32_t open_chunk) const;
    // When serve() or sweep() has something to do without a request.
    Time next_wake(Now now);

    std::vector<Answered>& answers() { return answers_; }
    // Views inside answers stay valid until then.
    void end_turn();

    // An answer with a delivery could not be handed to its receiver.
    void undeliverable(const dialogue::Receipt& receipt, Now now);
    // The receiver of these tickets is gone.
    void forget_waiter(std::uint64_t ticket);

    // For operators.
    void set_draining(bool draining) { draining_ = draining; }
    // What a queue would be made with, or why it would not.
    static Result<Settings, std::string> settings_of_new(std::string_view name,
                                                         const dialogue::Attributes& attributes);
    bool draining() const { return draining_; }
    // The most bytes in one queue, whatever its own MaxBytes says, and in all of them.
    void set_queue_bytes_max(std::uint64_t bytes) { queue_bytes_max_ = bytes; }
    void set_bytes_max(std::uint64_t bytes) { bytes_max_ = bytes; }
    // The most messages in all queues that sends may make; 0: as many as fit.
    void set_messages_max(std::uint64_t messages) { messages_max_ = messages; }
    // The first `count` messages that the filter means (nothing: all). A filter is looked through
    // kFindMessagesMax messages with, or kFindBytesMax.
    Result<std::vector<Peeked>, dialogue::Refused> peek(std::string_view queue, std::uint32_t count,
                                                        std::string_view filter, Now now);
    // Move tasks, by number. They go on turn by turn, and through restarts.
    Result<std::uint64_t, dialogue::Refused> start_move(const MoveCommand& command, Now now);
    Result<Ok, dialogue::Refused> cancel_move(std::uint64_t id, Now now);
    const Moves& moves() const { return moves_; }
    // Those that have ended since this was asked before.
    std::vector<std::uint64_t> take_ended_moves() { return std::exchange(ended_moves_, {}); }
    // One message, which nobody may hold: sent back with another body, or dropped. The first
    // returns the number of the new one.
    Result<MessageNumber, dialogue::Refused> edit(const Edit& command, Now now);
    Result<Ok, dialogue::Refused> drop(std::string_view queue, MessageNumber message, Now now);
    // Nothing: the pool finds its own size.
    void set_pool_wanted(std::string_view pool, std::optional<std::uint32_t> workers, Now now);

    const std::map<std::string, QueueNumber, std::less<>>& queue_names() const { return names_; }
    Queue* find_queue(std::string_view name);  // Never a topic.

    // Topics: a send to one goes to every queue that is subscribed to it and whose filter matches.
    // Their names and those of queues are different; nothing is received from a topic.
    using Done = Result<Ok, dialogue::Refused>;
    Done create_topic(std::string_view name, const dialogue::Attributes& tags, Now now);
    Done remove_topic(std::string_view name, Now now);
    // What is wrong with the filter of a subscription; empty: nothing.
    std::string fault_in_filter(std::string_view filter) const;
    // Once more with another filter: replaces it.
    Done subscribe(std::string_view topic, std::string_view queue, std::string_view filter,
                   Now now);
    Done unsubscribe(std::string_view topic, std::string_view queue, Now now);
    const std::map<std::string, QueueNumber, std::less<>>& topic_names() const {
        return topic_names_;
    }
    const Queue* find_topic(std::string_view name) const;
    const Topics& topics() const { return topics_; }
    const Queue* queue_numbered(QueueNumber number) const;
    const Sessions& sessions() const { return sessions_; }
    const std::map<std::string, std::uint32_t, std::less<>>& pools_wanted() const {
        return pools_wanted_;
    }
    std::size_t waiter_count() const { return waiter_count_; }
    std::size_t waiter_count(QueueNumber queue) const;
    std::uint64_t live_bytes() const { return usage_.bytes(); }
    const Usage& usage() const { return usage_; }
    std::uint64_t broker_id() const { return broker_id_; }
    std::uint64_t digest() const;
    std::uint64_t empty_receives() const { return empty_receives_; }

private:
    struct Burial {
        BuriedBy by = BuriedBy::rejected;
        std::string_view reason;
    };

    // The one way that state changes.
    void commit(const Event& event, Now now);
    void apply(const Event& event, Place place, Now now);
    void apply_stored(const Stored& e, Place place, Now now);
    void apply_queue_made(const QueueMade& e, Now now);
    void apply_noted(const Noted& e, Now now);
    void apply_leased(const Leased& e, Now now);
    void apply_subscribed(const Subscribed& e);
    void take_place_of(const Stored& e, Now now);
    void put_in(QueueNumber queue, const Stored& e, Place place, Now now);
    Queue& queue_of(QueueNumber number, Now now);
    void know(std::unique_ptr<Queue> queue);
    // A record as the message of one of the queues that hold it. Nothing when it cannot be read.
    std::optional<Stored> read(const Queue& queue, Place place);
    void apply_queue_removed(const QueueRemoved& e);
    void apply_move_started(const MoveStarted& e, Place place);
    void apply_move_ended(const MoveEnded& e);
    void count_moved(QueueNumber source, MoveKind kind, std::uint64_t messages);
    void follow_mark(const Queue& queue, const Stored& relocated, Position at);

    void put_blocks(StateWriter& out) const;
    void load_blocks(ByteReader& in);

    // Requests; each ends in answer().
    void answer(const Caller& caller, dialogue::Answer answer);
    void refuse(const Caller& caller, dialogue::Code code, std::string reason);
    void refuse(const Caller& caller, dialogue::Refused refused) {
        refuse(caller, refused.code, std::move(refused.reason));
    }
    bool answered_before(const Caller& caller, const dialogue::Operation& operation, Now now);
    void run(const Caller& caller, const dialogue::Send& send, Now now);
    void run(const Caller& caller, const dialogue::Receive& receive, Now now);
    void run(const Caller& caller, const dialogue::Settle& settle, Now now);
    void run(const Caller& caller, const dialogue::Hello& hello, Now now);
    void run(const Caller& caller, const dialogue::Beat& beat, Now now);
    void run(const Caller& caller, const dialogue::CreateQueue& create, Now now);
    void run(const Caller& caller, const dialogue::SetQueue& set, Now now);
    void run(const Caller& caller, const dialogue::GetQueue& get, Now now);
    void run(const Caller& caller, const dialogue::ListQueues& list, Now now);
    void run(const Caller& caller, const dialogue::DeleteQueue& remove, Now now);
    void run(const Caller& caller, const dialogue::PurgeQueue& purge, Now now);

    std::optional<dialogue::Refused> fault_in_dead_letters(std::string_view source, QueueKind kind,
                                                           const Settings& settings);
    bool state_has_room_for(std::string_view name, const Settings& settings,
                            const dialogue::Attributes& tags) const;
    // Queues and topics.
    dialogue::Refused no_queue(std::string_view name) const;
    void put_topics(StateWriter& out) const;
    void load_topics(ByteReader& in);
    Queue* find_target(std::string_view name);  // Of a send: a queue or a topic.
    bool feeds_fifo(const Queue& topic) const;
    Result<Fan, dialogue::Refused> receivers_of(const Queue& topic,
                                                const dialogue::SendEntry& entry, Now now);
    // FIFO queues that know the publication have no part in it. The message that it repeats, when
    // no other queue is left.
    std::optional<MessageNumber> drop_repeated(Fan& fan, Now now);
    std::vector<Stored> fan_out(const Queue& topic, const dialogue::SendEntry& entry,
                                const Fan& fan, Now now);
    dialogue::ResultRun publish(const Queue& topic, const dialogue::SendEntry& entry, Now now);
    std::size_t most_bytes_of_publication(const Queue& topic,
                                          const dialogue::SendEntry& entry) const;

    // Sending.
    std::size_t most_bytes(const Queue& target, const dialogue::SendEntry& entry) const;
    std::optional<dialogue::Refused> fault_in_send(const Queue& queue) const;
    std::optional<dialogue::Refused> fault_in_entry(const Queue& queue,
                                                    const dialogue::SendEntry& entry) const;
    std::optional<dialogue::Refused> no_room_in(const Queue& queue, std::uint64_t messages,
                                                std::uint64_t bytes) const;
    Stored make_stored(const Queue& queue, const dialogue::SendEntry& entry,
                       const std::optional<Fifo>& group, Now now);
    std::uint64_t session_number(const Bytes16& id, Now now);
    std::uint32_t note_base(const Caller& caller);
    void note(const Caller& caller, std::uint32_t base, std::vector<dialogue::ResultRun> results,
              Now now);

    // FIFO queues and groups.
    std::optional<dialogue::Refused> fault_in_group(const Queue& queue,
                                                    const dialogue::SendEntry& entry) const;
    std::string dedup_key(const Queue& queue, const Fifo& fifo) const;
    // The message that an entry repeats.
    std::optional<MessageNumber> repeated(const Queue& queue, const std::optional<Fifo>& fifo,
                                          Now now) const;
    std::optional<Fifo> make_group(const dialogue::SendEntry& entry, QueueKind kind, Now now);
    void remember_ids(const Queue& queue, const Stored& e, Place place, Now now);
    // A message that moves into a FIFO queue stands at the end of its group there.
    void join_group(const Queue& queue, Stored& stored);
    std::optional<dialogue::ReceiveReply> same_attempt(const Queue& queue, const Wanted& wanted,
                                                       Now now);

    // Picking: what a receive would hand out.
    struct Picking {
        Queue& queue;
        std::uint32_t count = 0;
        Now now;
        Picked picked{};
        std::size_t bytes = 0;
        std::size_t seen = 0;
    };
    bool is_enough(const Picking& picking) const;
    bool look_at(Picking& picking, DeliveryNumber returned, const Held* held, Place place);
    void pick_in_order(Picking& picking);
    void pick_standard(Picking& picking);
    void pick_fair(Picking& picking);
    bool pick_without_group(Picking& picking);
    Picked pick(Queue& queue, std::uint32_t count, Now now);

    // Receiving.
    bool sort_in(Picked& picked, const Queue& queue, Picked::Message message, const Held* held,
                 Now now);
    std::optional<dialogue::ReceiveReply> lease(const Caller& caller, Queue& queue,
                                                const Wanted& wanted, Now now);
    void put_away(Queue& queue, Picked& picked, Now now);
    dialogue::ReceiveReply reply_from(Queue& queue, DeliveryNumber first, std::uint32_t count);
    std::optional<dialogue::ReceiveReply> same_lease(const Note& note, Now now);
    dialogue::Delivery describe(const Stored& record, const Held& held, WallTime leased_at);
    std::string_view keep(std::string text);

    // Waiting.
    void park(const Caller& caller, Queue& queue, const Wanted& wanted, Time deadline);
    std::vector<QueueNumber> take_stirred();
    void serve(Queue& queue, Receiving& line, Now now);
    void leave(Receivers::iterator line);
    void set_alarm(Queue& queue, const Receiving& line, Now now);
    template <class Which>
    void erase_waiters(const Which& which);
    void dismiss_waiters(const Bytes16& session);
    void forget_waiter(const Caller& caller);

    // Settling.
    std::size_t estimate(const dialogue::VerdictEntry& entry);
    dialogue::ResultRun settle_one(const dialogue::VerdictEntry& entry, Now now);
    std::optional<dialogue::Refused> send_on(const Queue& from, const dialogue::VerdictEntry& entry,
                                             Now now);
    void retry(Queue& queue, const std::vector<Numbers>& numbers,
               const dialogue::VerdictEntry& entry, Now now);
    dialogue::ResultRun bury_all(Queue& queue, const std::vector<Numbers>& numbers,
                                 std::string_view reason, Now now);
    bool bury(Queue& queue, const Picked::Message& message, const Burial& burial, Now now);
    std::string buried_history(const Queue& queue, const Stored& record, const Leases::Found& found,
                               const Burial& burial, Now now) const;
    Queue* dead_letter_queue_of(const Queue& queue);

    // Workers.
    void give_back(const Session& session, bool dead, Now now);
    void sweep_workers(Millis late, Now now);
    void sweep_expired(Now now);
    void sweep_expired(Queue& queue, Now now);
    void find_expired_in_groups(const Queue& queue, SetAside& expired, Now now);

    // Moves.
    struct Seen {
        enum class Kind : std::uint8_t { none, lost, message } kind = Kind::none;
        Place place;
        DeliveryNumber delivery;  // 0: nobody has received it.
        const Held* held = nullptr;
        std::optional<Delayed::Mark> delayed;
        std::optional<Waiting::Mark> waiting;
    };
    bool is_dead_letter_queue(const Queue& queue) const;
    std::optional<dialogue::Refused> fault_in_move(const MoveCommand& command);
    MoveEnded end_of(const Moves::Active& task, MoveState how, std::string_view failure,
                     Now now) const;
    void end_move(const Moves::Active& task, MoveState how, std::string_view failure, Now now);
    bool begin_pass(Moves::Active& task, Queue& from, Now now);
    Seen next_seen(Queue& queue, Moves::Active& task, Now now) const;
    Seen next_of_groups(const Grouped& grouped, Moves::Active& task, Now now) const;
    Result<Seen, dialogue::Refused> find_message(Queue& queue, MessageNumber message, Now now);
    Candidate candidate_of(const Stored& record, const Held* held, Now now) const;
    Queue* source_of(const Stored& record, const Queue& from) const;
    void move_message(const Stored& record, const Replaces& replaces, Queue& target,
                      const Edit* edit, Now now);
    void drop_message(const Queue& from, const Seen& seen, Now now);
    bool move_seen(Moves::Active& task, Queue& from, const Stored& record, const Seen& seen,
                   Now now);
    bool advance_move(Moves::Active& task, Queue& from, std::size_t& bytes, Now now);
    void advance_moves(Now now);
    Time moves_wake(Now now) const;

    // Collection.
    struct Relocatable {
        Place place;
        QueueNumber queue;
        bool held = false;
    };
    using HeldAt = std::map<std::pair<QueueNumber, Position>, DeliveryNumber>;
    void choose_candidates(std::uint32_t chunk);
    HeldAt held_among(std::size_t candidates);
    void tidy_candidates();
    void relocate(const Relocatable& candidate, const HeldAt& held, Now now);
    void relocate_waiting(const Relocatable& candidate, Now now);
    void relocate_held(Queue& queue, DeliveryNumber delivery, Now now);
    void set_aside_damaged(Queue& queue, SetAside event, Now now);
    bool waits(QueueNumber queue, Position at) const;

    Log& log_;
    const Tools& tools_;
    std::uint64_t broker_id_;
    LogStart start_;
    bool recovering_ = true;

    std::uint64_t next_message_ = 1;
    std::uint64_t next_delivery_ = 1;
    std::uint64_t next_queue_ = 1;
    std::uint64_t next_session_ = 1;
    std::unordered_map<QueueNumber, std::unique_ptr<Queue>> queues_;
    std::map<std::string, QueueNumber, std::less<>> names_;        // Of queues,
    std::map<std::string, QueueNumber, std::less<>> topic_names_;  // and of topics.
    Topics topics_;
    Sessions sessions_;
    Dedup dedup_;
    ReceiveAttempts attempts_;
    std::map<std::string, std::uint32_t, std::less<>> pools_wanted_;
    Moves moves_;
    std::vector<std::uint64_t> ended_moves_;
    Usage usage_;
    std::uint64_t bytes_max_ = limits::kTotalBytesMaxDefault;
    std::uint64_t messages_max_ = 0;
    std::uint64_t queue_bytes_max_ = limits::kQueueBytesMaxDefault;
    bool draining_ = false;

    std::vector<Answered> answers_;
    Receivers receiving_;
    std::size_t waiter_count_ = 0;
    std::vector<QueueNumber> stirred_;  // Something has happened to them since they were served.
    Alarms alarms_;                     // Of all other queues that are waited for.
    std::deque<std::string> kept_;      // Texts that answers point to.
    std::uint64_t empty_receives_ = 0;

    std::uint32_t collecting_chunk_ = 0;
    std::deque<Relocatable> candidates_;
    Time turn_begun_{};
    Time next_sweep_{};
    std::string swept_;  // The last queue that this round of the sweep has been at; empty: none.
};

}  // namespace esteira::engine

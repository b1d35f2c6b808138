#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/dialogue.hpp"
#include "common/base/ids.hpp"
#include "tests/simulation/rules.hpp"
#include "tests/simulation/sometimes.hpp"

// What clients were told, and what follows from it. The model knows no journal and no engine: it is
// fed with answers that left the broker, and with questions that may never be answered, which may
// or may not have been carried out. Whatever contradicts it is a broken promise.
namespace esteira::simulation {

struct Violation : std::runtime_error {
    using std::runtime_error::runtime_error;
};

using MessageId = std::uint64_t;  // In the body; from 1.

// What a client does to a run of messages of a delivery.
struct Judgement {
    Slot slot = 0;
    dialogue::Receipt receipt;
    std::vector<MessageId> delivered;  // All of the receipt's, in order.
    std::uint32_t index = 0;
    std::uint32_t count = 1;
    dialogue::Verdict verdict = dialogue::Verdict::done;
    std::optional<Millis> delay;
    std::string reason;
    std::vector<std::pair<Slot, MessageId>> sends;
};

class Model {
public:
    // In a queue and group. Steps are counted by the model: what surely came before something else
    // was asked for stands before it.
    struct Place {
        Slot slot = kNoSlot;
        std::uint64_t sequence = 0;    // 0: not told yet.
        std::uint64_t came_after = 0;  // This step,
        std::uint64_t came_by = 0;     // and before this one; 0: perhaps later.
    };
    struct Message {
        enum class Sent : std::uint8_t { perhaps, yes, no } sent = Sent::perhaps;
        enum class ReceiptIs : std::uint8_t { none, open, spent, unsure };
        std::uint32_t bytes = 0;
        bool with_attributes = false;
        std::optional<Millis> delay;
        std::string origin;  // As asked for; empty: its own id.
        Slot home = 0;
        std::uint32_t places = 0;  // Where it may be, by slot; kGone: perhaps nowhere any more.
        std::uint64_t number = 0;  // 0: not told yet.
        bool perhaps_redriven = false;
        Time first_asked{};
        WallTime oldest{};  // It cannot have been sent before.
        std::optional<WallTime> first_received;
        Time not_before{};  // Nobody may be given it before.
        bool exact = true;  // It can be had at `not_before`, and its receipt is known.
        std::uint32_t receives_least = 0;
        std::uint32_t receives_most = 0;
        std::uint32_t crashes_most = 0;
        std::uint64_t delivery = 0;  // The newest that was told.
        ReceiptIs receipt = ReceiptIs::none;
        std::uint32_t session = 0;
        bool started = false;       // Perhaps.
        bool judged = false;        // Since it was delivered, perhaps.
        std::string burial_reason;  // Of a verdict that was answered.
        Slot delivered_in = kNoSlot;
        bool asked_once = true;
        bool damaged = false;
        bool ever_redriven = false;  // Perhaps.
        // What was sent to a topic has a message in each queue that it goes to. They stand one
        // behind the other, and have the body of the first.
        MessageId first_copy = 0;  // 0: it was sent to a queue.
        std::uint32_t copies = 1;  // Of the first: so many; 0: no queue gets it.
        std::string told_origin;   // Of the first: what one of them was told, if none was given.
        // Of those with a group.
        std::string group;
        std::string dedup;       // Empty: by its content, in a FIFO queue.
        MessageId content = 0;   // Whose body it has; 0: its own, and nobody else's.
        bool duplicate = false;  // Of one under the same deduplication id: nothing was sent.
        Place at{};              // Where it stands in the order of the group.
    };
    static constexpr std::uint32_t kGone = 1U << 31;

    Model(std::uint64_t broker_id, Counters& counters);

    // ---- Time and processes.
    std::uint32_t new_session();
    void session_seen(std::uint32_t session, Time now);
    void session_works(std::uint32_t session);
    void process_started(Time now);
    // All requests of a turn are decided, none is answered: what time alone may do to messages.
    // `receiving` has the slots that somebody wants messages of.
    void turn_decided(Now now, std::uint32_t receiving);

    // ---- Queues.
    struct Known {
        bool there = false;
        Rules rules;
        // Asked for and not answered: look before anything else.
        std::optional<Rules> perhaps;
        bool perhaps_gone = false;
        bool removed_once = false;  // Perhaps.
        bool by_group = false;      // The scope of deduplication that it was made with.
        std::uint64_t emptied = 0;  // The last step in which it was, perhaps.
        bool unsure() const { return perhaps.has_value() || perhaps_gone; }
    };
    const Known& queue(Slot slot) const { return queues_[slot]; }
    void queue_perhaps_set(Slot slot, const Rules& rules);
    void queue_perhaps_gone(Slot slot);
    void queue_not_set(Slot slot) { queues_[slot].perhaps.reset(); }
    // Whether a queue for dead letters is not there, or may not be.
    bool lacks(Slot slot) const {
        return slot != kNoSlot && !queues_[slot].there && !queues_[slot].unsure();
    }
    bool may_lack(Slot slot) const {
        return slot != kNoSlot && (!queues_[slot].there || queues_[slot].unsure());
    }
    // An answer to a look: nothing when there is no such queue.
    void queue_seen(Slot slot, const dialogue::Attributes* attributes);
    // A FIFO queue has this delay from now on.
    void delay_cut(Slot slot, std::uint32_t seconds, Time now, bool surely);
    void emptied(Slot slot, bool removed);
    void perhaps_emptied(Slot slot);

    // ---- Sending.
    MessageId ask_to_send(Slot slot, Message message, Now now);
    // To a topic: returns the first copy.
    MessageId ask_to_publish(Message message, const std::vector<Slot>& subscribers, Now now);
    void asked_again(MessageId id, Now now);
    void sent(MessageId id, std::uint64_t number);
    void not_sent(MessageId id);
    // What an answered send has come to, which was carried out between `first` and `last`. Number
    // 0: it was not told.
    enum class Came : std::uint8_t { stored, duplicate, either };
    Came answered_send(MessageId id, std::uint64_t number, Time first, Time last);
    // Carried out in a turn that nobody heard the end of.
    void perhaps_sent(MessageId id, Time now);
    // Whether a body may be sent once more: of every message with it, it is known what it became.
    bool may_repeat_body(MessageId id) const { return body_is_clear(id, 0); }
    // Whether this one may: no two messages with one body may be unknown at a time.
    bool may_ask_again(MessageId id) const;

    // ---- Receiving.
    struct Asking {
        Slot slot = 0;
        std::uint32_t session = 0;
        std::uint32_t count = 1;
        std::uint32_t min = 1;  // Fewer are not given while it waits:
        Time waits_until{};     // so long at least.
        std::string attempt;    // Of FIFO queues: asked again under it, the same is given.
        std::optional<Millis> visibility;
        Time first_asked{};  // Earlier than now for a repeated request.
        bool repeated = false;
        bool parked = false;
        // What turns that died may have leased to it was sent after this, received at most so often
        // and hidden for at least so long: by the rules of then, which may have changed.
        WallTime sent_after = WallTime::max();
        std::uint32_t receives_most = 0;
        Millis hidden_least = Millis::max();
    };
    // Returns what was delivered, in order.
    std::vector<MessageId> received(const Asking& asking, const dialogue::ReceiveReply& reply,
                                    Now now);
    // Somebody asked and got nothing: then fewer than `min` are there that he must have got.
    void received_nothing(Slot slot, std::uint32_t min, Now now) const;
    void perhaps_received(Asking& asking, Now now);
    // Whether this delivery was told before.
    bool was_told(const dialogue::Receipt& receipt) const {
        return by_delivery_.contains(receipt.first.value);
    }
    // Under an attempt of his he is given the same as long as he holds it: also when he is given
    // nothing (an empty receipt).
    void check_attempt(const Asking& asking, const dialogue::Receipt& receipt, Now now) const;
    // These and their copies were sent just now, or were refused because a queue is paused.
    void check_sends_go(const std::vector<MessageId>& ids) const;
    void check_sends_paused(const std::vector<MessageId>& ids) const;
    void undelivered(Slot slot, const dialogue::Receipt& receipt,
                     const std::vector<MessageId>& delivered, Time now, bool surely);
    void beat(const std::vector<MessageId>& started);

    // ---- Settling, leaving, moving.
    void settled(const Judgement& judgement, dialogue::Code code, Now now);
    // Answered now, but perhaps carried out since `first_asked`.
    void settled_late(const Judgement& judgement, dialogue::Code code, Time first_asked, Time now);
    void perhaps_settled(const Judgement& judgement, Time now);
    void left(std::uint32_t session, Time now, bool surely);
    // What a task may do in a turn. Its filter means messages with attributes, or without.
    struct Moving {
        Slot from = 0;
        Slot target = kNoSlot;  // Each goes to the queue that it was buried in.
        bool drops = false;
        std::optional<bool> with_attributes;
    };
    // The tasks that have their share at the end of this turn, behind all that is answered in it.
    void moves_now(std::vector<Moving> moves, Now now);
    // What tells messages apart that have the same body.
    struct Told {
        std::span<const std::byte> body;
        std::uint64_t number = 0;
        std::string_view origin;
    };
    void peeked(Slot slot, const Told& told, bool visible, Time now);
    // Its bytes on the disk were changed: it may be set aside, never be told changed.
    void damaged(MessageId id);

    // ---- Looking.
    const Message& message(MessageId id) const { return messages_[id - 1]; }
    // Whose body it has.
    MessageId body_of(MessageId id) const {
        const Message& m = message(id);
        return m.content != 0 ? m.content : m.first_copy != 0 ? m.first_copy : id;
    }
    std::size_t message_count() const { return messages_.size(); }
    // At the end of a turn: how many each queue holds has to be possible.
    void check_counts(const std::array<std::optional<std::uint64_t>, kSlots>& messages) const;
    // After all queues were drained: nothing that was promised is missing.
    void check_drained() const;

private:
    struct SessionKnown {
        bool works = false;  // Perhaps.
        Time seen{};
    };
    static constexpr std::uint32_t bit(Slot slot) { return 1U << slot; }
    Message& message_mutable(MessageId id) { return messages_[id - 1]; }
    [[noreturn]] static void broken(MessageId id, const std::string& what);
    [[noreturn]] static void broken(const std::string& what) { throw Violation(what); }

    std::vector<MessageId> copies_of(MessageId id) const;
    MessageId copy_in(MessageId body, Slot slot) const;
    void check_origin_of_copy(MessageId id, const Message& m, const dialogue::Delivery& delivery);
    void one_asked_again(MessageId id, Now now);
    void one_sent(MessageId id, std::uint64_t number);
    void one_not_sent(MessageId id);
    void one_perhaps_sent(MessageId id, Time now);
    Came answered_in_fifo(MessageId id, std::uint64_t number, Time first, Time last);
    MessageId expect_known(const Told& told, Slot slot) const;
    MessageId with_body_of(MessageId content, const Told& told, Slot slot) const;
    void check_delivery(MessageId id, const Message& m, const Asking& asking,
                        const dialogue::Delivery& delivery, Now now) const;
    void check_story(MessageId id, const Message& m, Slot slot,
                     const dialogue::Delivery& delivery) const;

    // What a receive asks for, and what is paused (model_asked.cpp).
    bool may_pause_receives(Slot slot) const;
    bool may_pause_send(MessageId id) const;
    void check_may_lease(MessageId id, const Asking& asking) const;
    void remember_attempt(const Asking& asking, const dialogue::Receipt& receipt,
                          const std::vector<MessageId>& ids, Now now);
    void perhaps_told_again(const Asking& asking, Now now);
    bool tell_again(MessageId id, const Asking& asking, const dialogue::Delivery& delivery,
                    std::uint64_t number, Now now);
    void check_window(const Asking& asking, const dialogue::ReceiveReply& reply, Now now) const;

    void check_delivery_number(MessageId id, const Asking& asking, std::uint64_t number);
    void take_number(MessageId id, Message& m, Slot slot, const dialogue::Delivery& delivery);
    void delivered(MessageId id, Message& m, const Asking& asking,
                   const dialogue::Delivery& delivery, std::uint64_t number, Now now);
    enum class Standing : std::uint8_t { good, stale, unsure };
    Standing standing(const Judgement& judgement, std::uint32_t i) const;
    Standing standing(const Judgement& judgement, std::uint32_t i, Time now) const;
    void take_effect(const Judgement& judgement, Message& m, Time now);
    void perhaps_take_effect(const Judgement& judgement, Message& m, Time now);
    std::vector<Slot> dead_letters_of(Slot slot) const;
    void settle_sends(const Judgement& judgement, bool done, Time first, Time last);
    Millis backoff_least(Slot slot, const Message& m) const;
    Time retry_at(const Judgement& judgement, const Message& m, Time now) const;
    void loosen(Message& m, Time visible);
    void hand_back_perhaps(Message& m, Time now);
    void perhaps_moved(Message& m);
    void time_passes(Message& m, Now now);
    static void perhaps_buried_by(const Rules& rules, Message& m);
    Millis retention_least(Slot slot) const;
    static std::uint32_t receives_allowed(Slot slot, const Rules& rules);
    Millis delay_of(const Message& m) const;

    // Groups and their order (model_order.cpp).
    std::uint64_t sequence_of(const Message& m, Slot slot) const;
    bool surely_before(const Message& a, const Message& b, Slot slot) const;
    void came_surely(Message& m, Slot slot);
    void check_group(MessageId id, const Message& m, Slot slot, const dialogue::Delivery& delivery);
    void take_place(Message& m, Slot slot, const dialogue::Delivery& delivery, bool moved);
    void check_order(const std::vector<MessageId>& ids, Slot slot, const dialogue::Receipt& receipt,
                     Now now);
    bool held_back(MessageId id, Slot slot, Now now) const;
    bool may_be_buried(const Message& m, Slot slot) const;

    // Deduplication (model_dedup.cpp).
    using DedupKey = std::pair<Slot, std::string>;
    struct KnownId {
        std::uint64_t number = 0;  // 0: of the message, which is not told yet.
        MessageId id = 0;          // 0: one of several.
        Time until_least{};        // So long it surely holds, if it ever did;
        Time until_most{};         // from here on it is forgotten.
        bool sure = false;
        std::uint32_t process = 0;
    };
    DedupKey dedup_key(const Message& m) const;
    std::uint64_t number_of(const KnownId& known) const;
    void keep_number(const Message& m);
    Came stored(MessageId id, std::uint64_t number, std::vector<KnownId>& known, KnownId own);
    Came repeated(MessageId id, std::vector<KnownId>& known, KnownId first);
    Came either(MessageId id, std::uint64_t number, std::vector<KnownId>& known, KnownId own);
    bool body_is_clear(MessageId content, MessageId but) const;
    bool perhaps_repeated(MessageId id, MessageId first) const;
    std::optional<Came> as_answered_then(MessageId id, std::uint64_t number, KnownId& own);
    void ids_forgotten(Slot slot, bool surely);
    void one_of_them_told(MessageId id);

    std::uint64_t broker_id_;
    Counters& counters_;
    std::array<Known, kSlots> queues_;
    std::vector<Message> messages_;
    std::vector<MessageId> live_;  // Those that may still be somewhere.
    std::vector<Moving> moves_now_;
    Now moves_at_{};
    std::vector<SessionKnown> sessions_;
    std::unordered_map<std::uint64_t, MessageId> by_delivery_;  // Told delivery numbers.
    std::uint64_t newest_delivery_ = 0;
    std::uint32_t receiving_ = 0;
    std::unordered_map<std::uint64_t, MessageId> by_number_;
    std::uint64_t newest_number_ = 0;
    std::unordered_map<MessageId, std::vector<MessageId>> same_body_;  // By whose it is.
    std::unordered_map<MessageId, std::string> told_ids_;  // Of bodies, by whose they are.
    std::uint64_t step_ = 0;
    std::uint32_t process_ = 0;
    // What was told under the attempts of FIFO queues.
    struct ToldAttempt {
        std::uint64_t first = 0;
        std::vector<MessageId> ids;
        Time until{};
        std::uint32_t process = 0;
    };
    std::map<std::pair<Slot, std::string>, ToldAttempt> attempts_;
    std::map<DedupKey, std::vector<KnownId>> known_ids_;
    std::set<DedupKey> purged_ids_;
    // What a send of a turn that died may have repeated: a later answer may still tell it.
    std::unordered_map<MessageId, std::vector<KnownId>> perhaps_repeat_;
    std::vector<std::vector<MessageId>> one_of_;  // One of each was sent, the others were not.
};

}  // namespace esteira::simulation

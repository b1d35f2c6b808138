#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tests/simulation/world.hpp"

// The clients of a simulated broker: what they asked, what they were answered, and what they may
// ask again because nobody ever told them.
namespace esteira::simulation {

// One request. It can be built again, byte for byte, as a client does that repeats it. Clients owns
// them all.
struct Asked {
    enum class Kind : std::uint8_t {
        send,
        receive,
        settle,
        hello,
        beat,
        create,
        set,
        look,
        remove,
        purge,
    } kind = Kind::look;
    Slot slot = 0;
    std::uint32_t session = 0;  // Of the model.
    Bytes16 session_id{};
    std::uint64_t number = 0;
    std::uint64_t hash = 0;
    Time first_asked{};
    Time waits_until{};  // A receive: no longer than this.

    std::vector<MessageId> ids;         // send
    bool to_topic = false;              // send
    Model::Asking asking;               // receive
    Millis wait{0};                     // receive
    std::vector<Judgement> judgements;  // settle
    Asked* next = nullptr;              // settle
    Rules rules;                        // create, set
    bool leaving = false;               // hello
    dialogue::Receipt receipt;          // beat
    std::vector<MessageId> started;     // beat: all of the receipt's

    bool unknown = false;  // Carried out in a turn that nobody heard the end of.
    bool ever_unknown = false;
    bool unclear = false;  // Whether it sent anything, or repeated what was sent.
    bool answered = false;
    bool noted = false;  // The broker has to know it again.
    bool over_restart = false;
    std::vector<std::pair<dialogue::Code, std::uint64_t>> results;  // By entry.
};

// What a receiver holds.
struct Holding {
    Slot slot = 0;
    dialogue::Receipt receipt;
    std::vector<MessageId> delivered;
};

// Carries requests to the broker and answers to the model.
class Clients {
public:
    using Say = std::function<void(const std::string&)>;

    // `say` is told what happened, for those who read a life.
    Clients(World& world, Counters& counters, Say say)
        : world_(world), counters_(counters), say_(std::move(say)) {}

    struct Session {
        std::uint32_t known = 0;  // Of the model.
        Bytes16 id{};
        std::uint64_t next_number = 1;
        std::uint64_t newest_noted = 0;
        Time last_used{};
        Time silent_until{};
        std::deque<Asked*> history;  // The newest at the back.
    };
    Session& open_session(Bytes16 id);
    Session& session(std::size_t i) { return sessions_[i]; }
    std::size_t session_count() const { return sessions_.size(); }
    void replace_session(std::size_t i, Bytes16 id);

    // One turn; false when the process died in it, and nobody was answered.
    bool turn(const std::function<void()>& decide);
    // Session 0 receives and deletes until nothing is left, and nothing that was promised may be
    // missing. The wall clock stands still, so that nothing expires that had not expired before;
    // broker time passes every deadline.
    void drain();

    // A new request of a session.
    Asked* make(Session& session, Asked::Kind kind, Slot slot, std::uint64_t hash);

    // Inside a turn: carries out. With `other_hash`, as if the number were another request's.
    void execute(Asked* asked, bool other_hash = false);
    // What the operator does, and receivers that are not there any more.
    void start_move(const engine::MoveCommand& command);
    void cancel_move(std::uint64_t id);
    void undeliverable(std::size_t holding);
    void peek(Slot slot);
    void forget_waiters(std::uint32_t one_in, Draw& draw);

    // The answers of a turn, or the news that there will be none.
    void answered(std::vector<engine::Answered>& answers);
    void nobody_answers();

    bool waits_for(const Asked* asked) const;
    std::vector<Holding>& holdings() { return holdings_; }
    std::uint32_t waiting() const;  // Slots, as bits.

private:
    using Key = std::pair<std::uint64_t, std::uint64_t>;  // Ticket, request number.
    struct Expected {
        Asked* asked;
        bool other_hash = false;
        bool expired = false;
        bool parked = false;
        bool superseded = false;  // Asked again since: perhaps never answered itself.
    };

    dialogue::Operation build(const Asked& asked);
    dialogue::SendEntry build_entry(MessageId id);
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
    Session* session_of(const Asked& asked);
    void expect_answer(Asked* asked, Expected expected);
    void prepare_model(Asked& asked);
    void prepare_receive(Asked& asked);
    std::uint32_t most_wanted(Slot slot) const;
    void take(Expected expected, const dialogue::Answer& answer);
    bool take_refusal(Asked& asked, const dialogue::Refused& refused);
    void take_send(Asked& asked, const dialogue::SendReply& reply);
    void take_receive(const Expected& expected, const dialogue::ReceiveReply& reply);
    void take_settle(Asked& asked, const dialogue::SettleReply& reply);
    void note(Asked& asked);
    void perhaps(Asked& asked);

    World& world_;
    Counters& counters_;
    Say say_;
    std::deque<Asked> requests_;
    std::deque<Session> sessions_;
    std::map<Key, Expected> expected_;
    std::set<std::uint32_t> leaving_;  // Sessions that leave in this turn: they wait no longer.
    std::uint32_t receiving_ = 0;      // In this turn: slots, as bits.
    // Who asked under an attempt of a FIFO queue.
    std::map<std::pair<Slot, std::string>, std::set<Asked*>> attempts_;
    std::uint64_t ticket_ = 0;
    std::uint64_t newest_number_ = 0;  // Of a message that was told.
    std::vector<Holding> holdings_;
    std::vector<std::function<void(bool surely)>> direct_;  // What has no answer of its own.
    std::deque<std::vector<std::byte>> bodies_;
    std::deque<std::string> texts_;
};

}  // namespace esteira::simulation

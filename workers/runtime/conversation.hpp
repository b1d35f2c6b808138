#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/client/queue_client.hpp"
#include "workers/runtime/backoff.hpp"
#include "workers/runtime/exchange.hpp"
#include "workers/runtime/stats.hpp"

namespace esteira::runtime {

struct Options {
    std::string endpoint;  // Of the broker.
    std::string name;      // Of this program.
    std::string pool;      // The worker type.
    std::string queue;     // Where the messages come from.
    std::uint32_t batch_max = 100;
    std::uint32_t batch_min = 1;  // Waits up to `window` for so many.
    Millis window{20'000};
    Millis visibility{30'000};  // Kept up for as long as a batch is held; 1 s at least.
    Millis drain{20'000};       // After the first ask to stop, for the batch at work.
    Millis probe_least{250};    // Between two looks at a store that is away, doubled each time
    Millis probe_most{30'000};  // up to this.
    // Ends when the queue has given nothing for this long. Absent: goes on for ever.
    std::optional<Millis> until_empty{};
};

enum class Ending {
    stopped,        // It was asked to; everything held is settled or handed back.
    emptied,        // The queue gave nothing for `until_empty`.
    misconfigured,  // A person has to act.
    abandoned,      // The drain was over; the handler is still at work on what was handed back.
    interrupted,    // It was asked twice; likewise.
};
std::string_view name_of(Ending ending);

// The half of a worker that talks to the broker, on one thread from its constructor to its
// destructor.
//
//   receive --> waiting --mark, broker knows--> at work --report--> settled (and the next asked
//   for)
//                  '---- gate closed, stop, no time left ----> handed back, uncounted
//
// At most kBatchesHeld are asked for, waiting and at work together. All that is held is kept hidden
// from others in time. While the store is away the gate is closed.
class Conversation {
public:
    static constexpr std::size_t kBatchesHeld = 2;

    // Each time that `stop_fd` gives something to read is an ask to stop. Throws
    // std::invalid_argument when the endpoint is none.
    Conversation(Options options, Exchange& exchange, int stop_fd, Stats& stats);

    Ending run();

private:
    using Steady = std::chrono::steady_clock;
    using TimePoint = Steady::time_point;

    struct Lease {
        dialogue::Receipt receipt;
        TimePoint hidden_until{};
        TimePoint extend_at{};
        bool extending = false;
    };
    struct Held {
        Batch batch;
        Lease lease;
    };
    // Requests with views into the outcomes.
    struct Outgoing {
        std::vector<Outcome> outcomes;
        std::deque<dialogue::Settle> requests;
    };
    enum class Kind { hello, mark, extend, receive, settle };
    struct Pending {
        Kind kind = Kind::hello;
        TimePoint submitted{};
        std::vector<dialogue::VerdictEntry> verdicts{};  // Without their reasons and sends.
    };

    // What is to be asked or handed over by now (conversation.cpp).
    void act(TimePoint now);
    void say_hello(TimePoint now);
    void extend(Lease& lease, TimePoint now);
    void start_next(TimePoint now);
    void send_settles(TimePoint now);
    void ask_for_more(TimePoint now);
    bool wants_more(TimePoint now) const;
    dialogue::Receive receive() const;
    TimePoint next_due() const;
    void end_if_over(TimePoint now);
    bool settled() const;
    void say_goodbye();

    // What has come (conversation_events.cpp).
    void listen(TimePoint until);
    void take_stops();
    void on_reply(client::Reply reply);
    void on_received(client::Reply& reply);
    void on_extended(const Pending& pending, const dialogue::Answer& answer);
    void on_settled(const Pending& pending, const dialogue::Answer& answer);
    void on_refused(const dialogue::VerdictEntry& verdict, const dialogue::ResultRun& run);
    void on_report(Finished& finished);
    void on_report(StoreReady&);
    void on_report(StoreAway& away);
    void on_report(StoreMisconfigured& fault);
    void on_hello(const dialogue::Answer& answer);

    void begin_stop(Ending ending);
    void close_gate(const std::string& why);
    void put_back(const dialogue::Receipt& receipt);
    void put_waiting_back();
    void put_back_behind(std::span<const Delivery> batch, const std::vector<Outcome>& outcomes);
    Lease* lease_of(const dialogue::Receipt& receipt);

    Options options_;
    Exchange& exchange_;
    int stop_fd_;
    Stats& stats_;
    std::string host_;
    client::QueueClient client_;

    std::map<std::uint64_t, Pending> pending_;
    std::deque<Held> waiting_;
    std::optional<Lease> at_work_;
    std::deque<Outgoing> outgoing_;
    std::size_t asked_ = 0;     // Receives without an answer yet.
    std::size_t settling_ = 0;  // Settles likewise.

    struct Mark {  // Of waiting_.front().
        std::uint64_t number = 0;
        TimePoint give_at{};
    };
    std::optional<Mark> mark_;

    bool open_ = false;                   // The handler is ready.
    bool away_ = false;                   // It was told that the store is away.
    std::optional<bool> broker_there_;    // What was said of it last.
    std::optional<std::uint64_t> hello_;  // Without an answer yet.
    TimePoint hello_at_{};
    TimePoint hello_due_{};
    TimePoint ask_at_{};  // Not before.
    TimePoint stats_at_{};
    Backoff ask_backoff_;

    TimePoint last_work_{};        // When the queue gave something or that was finished.
    std::size_t empty_since_ = 0;  // Receives that gave nothing since then.

    std::optional<Ending> ending_;  // Stopping.
    int stops_ = 0;
    TimePoint drain_until_{};
    bool over_ = false;
};

}  // namespace esteira::runtime

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/dialogue.hpp"
#include "common/base/result.hpp"
#include "common/wire/buffer.hpp"

namespace zmq {
class message_t;
class context_t;
}  // namespace zmq

// The dialogue with a broker, for every program but the broker itself.
//
// Two faces on one session. Pipelined: submit() and poll(), up to a window of requests at once.
// Blocking: one call, one answer. They may be mixed; answers to submitted requests that come during
// a blocking call wait for poll().
//
// A request that was submitted is asked again, with the same bytes and number, until it is
// answered: over a lost connection, a restarted broker, an answer that does not come. The broker
// knows a repetition by session and number, so nothing is done twice.
//
// One thread for one client, from its constructor to its destructor: a socket never changes thread.
namespace esteira::client {

// The broker did not answer for as long as the caller was ready to wait.
class Unreachable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct ClientOptions {
    std::string endpoint;  // ipc://..., or tcp:// on the loopback: there is no encryption.
    std::string name;      // Of the program, for people; said by hello().
    std::string pool{};    // Empty: not a worker.

    // A request without an answer for this long (a receive: beyond its wait) is asked again on a
    // new connection.
    Millis request_timeout{30'000};
    // A request without an answer for this long (beyond its wait) makes poll() and the blocking
    // calls throw Unreachable. It stays outstanding, and patience begins anew. Absent: never.
    std::optional<Millis> patience{};

    // Absent: a new one, at random. Given with the next number: goes on with an earlier session, so
    // that what was asked before under these numbers is not done twice.
    std::optional<Bytes16> session{};
    std::uint64_t next_number = 1;

    // poll() ends also when one of these file descriptors can be read, so that a thread may be told
    // of something by others. Blocking calls do not look at them.
    std::vector<int> wake_fds{};

    // Between two attempts to connect; doubled each time, and each time up to half as much more.
    Millis backoff_least{50};
    Millis backoff_most{2'000};
};

struct FrameDeleter {
    void operator()(zmq::message_t* frame) const;
};
using Frame = std::unique_ptr<zmq::message_t, FrameDeleter>;

// An answer, and the frame that its views point into: they live as long as the reply, also when it
// is moved.
struct Reply {
    dialogue::Response response;
    Frame frame;
};

// What was received; the views live as long as the batch.
struct ReceivedBatch {
    dialogue::Receipt receipt;
    std::vector<dialogue::Delivery> messages;  // Empty: nothing came.
    Frame frame;
};

// For logs and tests; only grow.
struct ClientCounts {
    std::uint64_t links = 0;         // Connections that were opened or tried.
    std::uint64_t repeats = 0;       // Requests that were sent again.
    std::uint64_t overdue = 0;       // Times that an answer did not come within request_timeout.
    std::uint64_t late_answers = 0;  // To requests that are unknown or were answered before.
    std::uint64_t unreadable = 0;    // Answers that are no answers.
};

class QueueClient {
public:
    // Starts to connect; does not wait for it. Throws std::invalid_argument when the endpoint is
    // none, or not of this machine.
    explicit QueueClient(ClientOptions options);
    ~QueueClient();

    // ------------------------------------------------------------------------------- pipelined

    // Takes a request on and gives its number, or nullopt: the window is full, poll() first. Views
    // in `operation` are not needed afterwards. The `next` of a settle gets the number behind the
    // settle's (whatever number stands in it), and an answer of its own.
    // What no broker would take (a frame over 9 MiB) is answered by the client itself: too_large.
    std::optional<std::uint64_t> submit(dialogue::Operation operation);

    // The next answer, in whatever order they come. nullopt: none within `timeout`, or a signal
    // came, or a wake_fd can be read. A receive that the broker no longer remembers
    // (request_expired) is answered with nothing. Throws Unreachable when `patience` is at its end.
    std::optional<Reply> poll(Millis timeout);

    std::size_t outstanding() const { return pending_.size(); }  // Frames not wholly answered.

    // -------------------------------------------------------------------------------- blocking
    // Each waits for its answer, and for room in the window before, whatever signals come.

    using Results = Result<std::vector<dialogue::ResultRun>, dialogue::Refused>;

    Results send(std::string_view queue, std::span<const std::span<const std::byte>> bodies);
    Results send(dialogue::Send send);
    Result<ReceivedBatch, dialogue::Refused> receive(dialogue::Receive receive);
    Results settle(std::vector<dialogue::VerdictEntry> verdicts);
    // All messages of a delivery.
    Results done(const dialogue::Receipt& receipt);
    Results change_visibility(const dialogue::Receipt& receipt, Millis visibility);

    // Who this is: name and pool of the options, host and pid. Said again by itself on each new
    // connection, until goodbye().
    Result<dialogue::HelloReply, dialogue::Refused> hello();
    Result<dialogue::HelloReply, dialogue::Refused> goodbye();
    Result<Ok, dialogue::Refused> beat(std::vector<dialogue::Beat::Started> started = {});

    Result<dialogue::QueueReply, dialogue::Refused> create_queue(dialogue::CreateQueue create);
    Result<dialogue::QueueReply, dialogue::Refused> get_queue(std::string_view name);
    Result<dialogue::QueueReply, dialogue::Refused> set_queue(dialogue::SetQueue set);
    Result<dialogue::ListReply, dialogue::Refused> list_queues(dialogue::ListQueues list);
    Result<dialogue::DoneReply, dialogue::Refused> delete_queue(std::string_view name);
    Result<dialogue::DoneReply, dialogue::Refused> purge_queue(std::string_view name);

    // ------------------------------------------------------------------------------------ state

    const Bytes16& session() const { return options_.session.value(); }
    std::uint64_t next_number() const { return next_number_; }
    const ClientCounts& counts() const { return counts_; }

private:
    using SteadyTime = std::chrono::steady_clock::time_point;

    // A frame that waits for its answer: for two of them, if it is a settle that asks for more.
    struct Pending {
        wire::Buffer frame;
        bool awaits_own = true;
        bool awaits_ask = false;  // Has the number behind the frame's own.
        bool receive = false;
        bool internal = false;  // A repeated hello: nobody asked for its answer.
        bool was_sent = false;
        Millis wait{0};  // How long the broker may rightly take.
        SteadyTime submitted{};
        SteadyTime sent{};
    };

    struct Greeting {
        std::string name;
        std::string pool;
        std::string host;
        std::uint32_t pid = 0;
    };

    bool window_full() const;
    std::uint64_t enqueue(dialogue::Operation operation, bool internal);
    void remember_greeting(const dialogue::Hello& hello, std::uint64_t number);
    void greet_again();

    void service(SteadyTime now);
    void open_link(SteadyTime now);
    void lose_link(SteadyTime now);
    void on_connected();
    void flush(SteadyTime now);
    void check_answers_due(SteadyTime now);
    void check_patience(SteadyTime now);
    Millis until_next_event(SteadyTime now) const;
    bool wait_until(SteadyTime deadline, SteadyTime now, bool until_signal);

    std::optional<Reply> take_arrived();
    std::optional<Reply> accept(Reply reply);
    void forget(std::map<std::uint64_t, Pending>::iterator answered);
    Reply local_reply(std::uint64_t number, dialogue::Answer answer) const;
    std::optional<Reply> next_answer(SteadyTime deadline, bool until_signal);

    Reply call(dialogue::Operation operation);
    template <class Kind>
    Result<Kind, dialogue::Refused> ask(dialogue::Operation operation);

    ClientOptions options_;
    std::uint64_t next_number_;
    std::map<std::uint64_t, Pending> pending_;  // By the frame's own number.
    std::deque<std::uint64_t> unsent_;          // In the order to send them.
    std::deque<Reply> ready_;                   // Answers for poll().
    std::size_t pending_bytes_ = 0;
    std::size_t awaited_ = 0;  // Answers, two for a settle that asks for more.
    std::vector<wire::Buffer> spare_;
    std::optional<Greeting> greeting_;
    std::uint64_t greeting_number_ = 0;
    std::uint64_t broker_ = 0;

    struct Connection;  // Context and link; not seen by those who include this.
    std::unique_ptr<Connection> connection_;
    bool connected_ = false;
    SteadyTime open_at_{};  // When there is no link: the time of the next attempt.
    SteadyTime service_at_{};
    Millis backoff_;
    std::minstd_rand random_;
    ClientCounts counts_;
};

}  // namespace esteira::client

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"

namespace esteira::config {
struct Config;
}

// A worker type is one Handler. The runtime around it owns the connection to the broker, batching,
// heartbeats, backoff, shutdown and metrics; a handler only knows its own business.
namespace esteira::runtime {

// One delivery of a message. The views hold until handle() returns.
struct Delivery {
    std::string_view body;
    std::string_view message_id;  // The same on every try.
    std::string_view origin_id;   // The same also after burial, move, redrive and replay: what an
                                  // inbox keys on. The message's own id unless it was given one.
    std::string_view group{};     // Of a FIFO queue: its effect comes behind those of the earlier
                                  // ones of its group. Empty: it has no order to keep.
    std::uint32_t receives = 1;   // 1 on the first try.
    WallTime sent_at{};
};

enum class Verdict {
    done,       // Its effect is committed: delete it.
    retry,      // Try again later: the runtime backs off. Counted.
    dead,       // Trying again cannot help: to the dead-letter queue, with the reason.
    hand_back,  // Not begun, because an earlier one of its group is to be retried: comes again
                // behind it, uncounted. A retry when there is no such message.
};

// A message to send on; sent if and only if the verdict it comes with is carried out.
struct Send {
    std::string queue{};  // Empty: the dead-letter queue of the queue that the message came from.
    std::string body{};
    std::string origin_id{};  // Of a part: "<origin>/<index>". Empty: an id of its own.
    std::string reason{};     // Why it is a dead letter; else empty.
    bool operator==(const Send&) const = default;
};

struct Outcome {
    Verdict verdict = Verdict::done;
    std::string reason{};  // For people; empty when done. The runtime cuts it to kReasonBytesMax.
    std::vector<Send> sends{};  // With `done` only.
    bool operator==(const Outcome&) const = default;
};

// A number that a handler counts up, for metrics: {"written", 1234}.
struct Counter {
    std::string_view name;
    std::uint64_t value = 0;
};

// What the handler writes to is away. No message is to blame: the batch is handed back uncounted,
// and the runtime waits before it asks for more.
struct Unavailable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A person has to act (schema, privileges, credentials): the worker hands back and exits with 78.
struct Misconfigured : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Handler {
public:
    virtual ~Handler() = default;

    // Called before the first batch, and again until it returns: may throw Unavailable (asked again
    // after a pause) or Misconfigured.
    virtual void start() {}

    // Answers for every delivery of the batch, in its order. Delivery is at least once, so handling
    // a message twice must leave the same rows as handling it once. Throws Unavailable or
    // Misconfigured; any other exception makes the runtime redo the batch one by one, counted, but
    // for what is behind a failed one of its group.
    //
    // Messages of one group stand in the batch in their order. A handler to which order matters
    // stops a group at its first failure (FailedGroups): it answers `retry` for that message and
    // `hand_back` for those behind it, and leaves no effect of them. Whatever it answers for them,
    // the runtime hands them back: one that has had its effect all the same is handled again,
    // behind the one that failed. A dead message holds nobody up.
    virtual std::vector<Outcome> handle(std::span<const Delivery> batch) = 0;

    // Read between two batches, by the thread that calls handle().
    virtual std::vector<Counter> counters() const { return {}; }
};

// Each worker folder defines this once; linked with the runtime's main.cpp it is the whole program.
// `clock` outlives the handler. Throws Misconfigured.
std::unique_ptr<Handler> make_handler(const config::Config& config, Clock& clock);

}  // namespace esteira::runtime

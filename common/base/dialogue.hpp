#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/history.hpp"
#include "common/base/ids.hpp"

// What a client may ask of a broker and what it is answered, as plain values. The codec
// (common/wire) turns them into frames and back, the client builds the requests, the engine answers
// them: one vocabulary for all three.
//
// Views (string_view, span) point into the frame they were decoded from, or into what the caller
// keeps alive while encoding.
namespace esteira::dialogue {

// For programs; a code never changes its meaning. The reason beside it is for people.
enum class Code : std::uint16_t {
    ok = 0,
    bad_request = 1,  // Malformed, out of range, unknown operation. Repeating cannot help.
    no_such_queue = 2,
    queue_exists = 3,     // With other attributes than the ones asked for.
    queue_full = 4,       // A cap of this queue or of the whole broker; try again later.
    receipt_invalid = 5,  // Not a receipt of this broker.
    receipt_stale = 6,    // The message was delivered again, handed back, settled or deleted.
    too_large = 7,
    draining = 8,           // The broker takes no more sends; receives and settles go on.
    disk_full = 9,          // No space for sends; receives and settles go on.
    request_expired = 10,   // Older than the requests that a session remembers.
    request_mismatch = 11,  // The same request number with another content.
    limit_exceeded = 12,    // Too many queues, sessions, workers, long polls, requests in flight.
    paused = 13,
    conflict = 14,        // Not possible in the queue's present state.
    journal_damage = 15,  // A body that cannot be read; it was set aside.
    not_found = 16,
};

struct Refused {
    Code code = Code::bad_request;
    std::string reason;
    bool operator==(const Refused&) const = default;
};

// Proof of one delivery of `count` messages, which have the delivery numbers first ..
// first+count-1. Numbers are never used again, so a receipt goes stale and never comes back to
// life. The MAC makes it unguessable; it is made and checked by the broker's server alone.
struct Receipt {
    QueueNumber queue;
    DeliveryNumber first;
    std::uint32_t count = 0;
    Bytes16 mac{};
    bool operator==(const Receipt&) const = default;
};

// ------------------------------------------------------------------------------------- requests

// Message attributes travel and are stored as one block, see common/base/attributes.hpp.
using AttributeBlock = std::span<const std::byte>;

struct SendEntry {
    std::span<const std::byte> body;
    std::optional<Millis> delay{};  // Absent: the queue's.
    AttributeBlock attributes{};
    std::string_view origin{};  // Absent: the message's own id. Set by who splits or replays.
    std::string_view group{};   // FIFO and fair queues.
    std::string_view dedup{};
    std::string_view reason{};  // Of a dead letter: why it is one.
};

struct Send {
    std::string_view queue;
    std::vector<SendEntry> entries;
};

struct Receive {
    std::string_view queue;
    std::uint32_t count = 1;             // At most; 1 .. kReceiveCountMax.
    Millis wait{0};                      // 0 .. kWindowMax.
    std::optional<Millis> visibility{};  // Absent: the queue's.
    // So many, or as many as one answer holds, within the wait; at its end whatever is there. Until
    // then nothing is leased. Fewer are given only up to a message that goes alone, because it has
    // taken workers down. 1 .. count.
    std::uint32_t min = 1;
    std::string_view attempt{};  // FIFO queues: under this id the same is given again.
};

enum class Verdict : std::uint8_t {
    done = 0,        // Delete it.
    retry = 1,       // Again later: after `delay`, or by the queue's backoff when absent. Counted.
    dead = 2,        // To the dead-letter queue at once, with `reason`.
    hand_back = 3,   // Never started: visible at once, and this delivery does not count.
    visibility = 4,  // Hidden until `delay` from now; the receipt stays good. 0 makes it visible.
};

// One verdict for the messages [index, index + count) of a delivery.
struct VerdictEntry {
    Receipt receipt;
    std::uint32_t index = 0;
    std::uint32_t count = 1;
    Verdict verdict = Verdict::done;
    std::optional<Millis> delay{};
    std::string_view reason{};
    // Messages to send on, atomically with the verdict. Only with count == 1. Queue name, entry; an
    // empty name is the dead-letter queue of the queue that the message came from.
    std::vector<std::pair<std::string_view, SendEntry>> sends{};
};

struct Settle {
    std::vector<VerdictEntry> verdicts;
    // Ask for the next batch in the same request. It is a request of its own with its own number,
    // answered apart, since it may have to wait.
    std::optional<std::pair<std::uint64_t, Receive>> next;
};

// Says who a session belongs to. A worker that said hello and is silent for kWorkerSilentMax is
// dead: its leases return at once.
struct Hello {
    std::string_view name;  // Of the program, for people.
    std::string_view pool;  // Empty: not a worker.
    std::string_view host;
    std::uint32_t pid = 0;
    bool leaving = false;  // A clean good-bye: what is still leased is handed back, uncounted.
};

// A sign of life, and which messages of a delivery have been started: if the worker dies, its death
// counts against those alone.
struct Beat {
    struct Started {
        Receipt receipt;
        std::uint32_t index = 0;
        std::uint32_t count = 1;
    };
    std::vector<Started> started;
};

// Attributes by their names and in the text forms of SQS (sqs names such as VisibilityTimeout in
// seconds) and Esteira's own (docs/queues.md).
using Attributes = std::vector<std::pair<std::string, std::string>>;

struct CreateQueue {
    std::string_view name;
    Attributes attributes;
    Attributes tags;
};
struct SetQueue {
    std::string_view name;
    Attributes attributes;
    Attributes tags{};                        // Beside those that there are,
    std::vector<std::string> tags_removed{};  // after the ones with these keys are gone.
};
struct GetQueue {
    std::string_view name;
};
struct ListQueues {
    std::string_view prefix;
    std::string_view after;  // The last name of the page before.
    std::uint32_t count = 1000;
};
struct DeleteQueue {
    std::string_view name;
};
struct PurgeQueue {
    std::string_view name;
};

using Operation = std::variant<Send, Receive, Settle, Hello, Beat, CreateQueue, SetQueue, GetQueue,
                               ListQueues, DeleteQueue, PurgeQueue>;

struct Request {
    Bytes16 session{};         // Chosen by the client, at random.
    std::uint64_t number = 0;  // Grows within a session, from 1.
    Operation operation;
};

// -------------------------------------------------------------------------------------- replies

// A run of entries, in the order of the request, that got the same kind of answer.
struct ResultRun {
    Code code = Code::ok;
    std::uint32_t count = 1;
    MessageNumber first{};  // Sends that were accepted: number of the first message; +1 for each.
    std::string reason{};   // Empty when ok.
    bool operator==(const ResultRun&) const = default;
};

struct SendReply {
    std::vector<ResultRun> results;
};
struct SettleReply {
    std::vector<ResultRun> results;  // One entry for each *verdict entry*, not for each message.
};

// One received message. The n-th of a reply has the delivery number receipt.first + n.
struct Delivery {
    MessageNumber number;
    std::uint32_t receives = 1;  // This delivery included.
    WallTime sent_at{};
    WallTime first_received_at{};
    std::span<const std::byte> body;
    AttributeBlock attributes{};
    std::string_view origin{};  // Empty: its own id.
    std::string_view group{};
    std::string_view dedup{};
    std::uint64_t sequence = 0;  // FIFO queues: grows within the group.
    std::string_view source{};   // The queue that it was buried in, if it is a dead letter.
    std::string_view reason{};   // Why it came back or was buried the last time.
    std::uint32_t crashes = 0;   // Worker deaths while it was being handled.
    HistoryBlock history{};      // Its attempts before this one, common/base/history.hpp.
};

struct ReceiveReply {
    Receipt receipt;  // count 0: nothing came within the wait.
    std::vector<Delivery> messages;
};

struct HelloReply {
    std::string version;  // Of the broker.
};
struct BeatReply {};

struct QueueReply {
    std::string name;
    Attributes attributes;  // Settings, counts and times.
    Attributes tags;
};
struct ListReply {
    std::vector<std::string> names;
    bool more = false;
};
struct DoneReply {
    std::uint64_t affected = 0;  // Messages that a purge or a deletion removed.
};

using Answer = std::variant<Refused, SendReply, ReceiveReply, SettleReply, HelloReply, BeatReply,
                            QueueReply, ListReply, DoneReply>;

struct Response {
    std::uint64_t number = 0;  // Of the request it answers.
    std::uint64_t broker = 0;  // Identity of the broker's log: the first half of message ids.
    Answer answer;
};

// The id of a message as people and SQS clients see it: a UUID (version 8, RFC 9562) of the
// broker's identity and the message's number, so that nothing has to be stored for it.
std::string message_id(std::uint64_t broker, MessageNumber number);
// The number that such an id of this broker stands for.
std::optional<MessageNumber> message_number(std::uint64_t broker, std::string_view id);

const char* to_string(Code code);
const char* to_string(Verdict verdict);

}  // namespace esteira::dialogue

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/dialogue.hpp"
#include "common/client/queue_client.hpp"
#include "producers/support/spool.hpp"

// Sending many messages in batches: several of them on their way at once, refusals that may pass
// tried again, and with a spool nothing lost while the broker or this process is away.
//
//   send(batch) --no spool--> [unsent] --window--> [in flight] --answer--> counted
//        '--spool--> file --------^                     '--queue full, draining--> [unsent]
//
// With a spool every batch is a file first, and the files of earlier processes go first, under the
// sessions and request numbers that they had. One thread.
namespace esteira::producers {

// The broker has refused for as long as the caller was ready to wait: queue_full, draining, ...
struct KeptOut : std::runtime_error {
    using std::runtime_error::runtime_error;
};
// The spool has no room, and the broker does not take from it.
struct SpoolFull : std::runtime_error {
    using std::runtime_error::runtime_error;
};
// A signal: interrupted() of the options has said so.
struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("interrupted") {}
};

struct SenderOptions {
    // `patience` (absent: 30 s) is how long nothing at all may get through.
    client::ClientOptions client;
    std::uint32_t window = 8;       // Batches without an answer: 1 to 32.
    std::filesystem::path spool{};  // Empty: none.
    std::uint64_t spool_bytes_max = 1ULL << 30;
    std::function<bool()> interrupted{};
};

struct SenderCounts {
    std::uint64_t batches = 0;     // Answered.
    std::uint64_t sent = 0;        // Messages that the broker has taken.
    std::uint64_t failed = 0;      // That it never will, or that cannot be read any more.
    std::uint64_t from_spool = 0;  // Messages of earlier processes, of those that were sent.
    std::uint64_t retried = 0;     // Batches that were sent again after a refusal.
    struct Reason {
        std::uint64_t messages = 0;
        std::string last;
    };
    std::map<std::string, Reason> reasons;  // Why messages failed, by code.
    std::vector<std::string> damaged;       // Files of the spool: name and what is wrong.
    std::vector<std::string> refused;       // Files that were set aside.
};

class BatchSender {
public:
    // A run of a batch's entries that were decided alike. Not for those that will be tried again.
    struct Outcome {
        std::uint64_t tag = 0;                   // The batch's, 0 if another process made it.
        std::span<const std::uint32_t> entries;  // Their places in the batch.
        dialogue::ResultRun result;
        std::uint64_t broker = 0;
    };
    using Tell = std::function<void(const Outcome&)>;

    // Throws SpoolError, std::invalid_argument (the endpoint).
    explicit BatchSender(SenderOptions options, Tell tell = {});

    // Takes a batch over, and waits for room where that is needed. `tag` is the caller's own name
    // for it, not 0. Throws client::Unreachable (without a spool), KeptOut, SpoolFull, SpoolError,
    // Interrupted; the batch was not taken over then.
    void send(std::uint64_t tag, const dialogue::Send& send);

    // Goes on sending until `time`, and longer if nothing else can be done.
    void work_until(std::chrono::steady_clock::time_point time);

    // Returns when everything was answered. Throws as send(), client::Unreachable also with a
    // spool: the batches are in it still.
    void finish();

    const SenderCounts& counts() const { return counts_; }
    // Messages and batches that were taken over and not answered.
    std::uint64_t waiting_messages() const;
    std::uint64_t waiting_batches() const;

private:
    using Instant = std::chrono::steady_clock::time_point;

    struct Outgoing {
        std::uint64_t tag = 0;
        std::uint64_t sequence = 0;         // In the spool; 0 without one.
        Spool::Batch batch;                 // With a spool the frame is empty while it waits there.
        std::vector<std::uint32_t> places;  // Of its entries in the caller's batch.
        bool found = false;                 // Another process made it.
    };

    Outgoing make(std::uint64_t tag, const dialogue::Send& send, std::vector<std::uint32_t> places);
    bool load(Outgoing& out);
    bool submit_next();
    bool step(Millis wait);
    void account(Outgoing out, const client::Reply& reply);
    void tell(const Outgoing& out, std::size_t from, const dialogue::ResultRun& run,
              std::uint64_t broker);
    void again(Outgoing out, const std::vector<std::uint32_t>& entries, const std::string& reason);
    void done(const Outgoing& out, bool refused);
    void check();

    SenderOptions options_;
    Tell tell_;
    std::optional<Spool> spool_;
    Bytes16 session_{};  // Of what this process makes.
    std::uint64_t next_number_ = 1;

    std::optional<client::QueueClient> client_;  // In the session of what is on its way.
    std::deque<Outgoing> unsent_;
    std::map<std::uint64_t, Outgoing> in_flight_;  // By request number.
    std::deque<Outgoing> again_;                   // Back to the front when the way is clear.
    std::string refusal_;
    Instant not_before_{};
    Instant progress_at_;
    Millis backoff_;
    SenderCounts counts_;
};

}  // namespace esteira::producers

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.hpp"
#include "common/base/dialogue.hpp"
#include "common/base/limits.hpp"
#include "common/base/result.hpp"

// What can be set of a queue, all of it while the queue lives.
namespace esteira::engine {

struct Settings {
    // Of Amazon SQS, under its names and in its units (docs/queues.md).
    Millis delay{0};                                             // DelaySeconds
    std::uint32_t message_bytes_max = limits::kMessageBytesMax;  // MaximumMessageSize
    Millis retention = std::chrono::hours(4 * 24);               // MessageRetentionPeriod
    Millis wait{0};                                              // ReceiveMessageWaitTimeSeconds
    Millis visibility{30'000};                                   // VisibilityTimeout

    // Ours.
    // Of FIFO queues alone.
    bool fifo = false;                 // FifoQueue; never changes
    bool content_based_dedup = false;  // ContentBasedDeduplication: the id is the body's SHA-256
    bool dedup_by_group = false;       // DeduplicationScope: messageGroup, else queue
    bool dedup_by_group_made = false;  // The scope that it was made with, which stays in force.
    bool limit_by_group = false;       // FifoThroughputLimit: perMessageGroupId, else perQueue

    std::uint32_t max_receives = 0;  // MaxReceives; 0: never buried for its count.
    std::string dead_letter_queue;   // DeadLetterQueue: a name; empty: none.
    Millis retry_base{1'000};        // RetryBaseMillis: the wait after the first failed delivery,
    Millis retry_max{300'000};       // RetryMaxMillis: doubled each time up to this one.
    std::uint64_t messages_max = 0;  // MaxMessages; 0: no cap but the broker's.
    std::uint64_t bytes_max = limits::kQueueBytesMaxDefault;  // MaxBytes
    // RedriveAllow, of a dead-letter queue: whose it may be. Empty and "allowAll": any queue's;
    // "denyAll"; "byQueue:" and up to ten names.
    std::string redrive_allow;
    bool sends_paused = false;     // SendsPaused: sends are refused,
    bool receives_paused = false;  // ReceivesPaused: receives get nothing. Settling goes on.

    // Kept for clients that set them and read them back. The broker asks no policy and encrypts
    // nothing.
    std::string policy;              // Policy
    std::string kms_key;             // KmsMasterKeyId
    Millis kms_key_reused{300'000};  // KmsDataKeyReusePeriodSeconds
    bool managed_encryption = true;  // SqsManagedSseEnabled

    bool operator==(const Settings&) const = default;
};

// Sets what `attributes` name, all or nothing. The reason tells which one was wrong, and how.
Result<Settings, std::string> with_attributes(Settings settings,
                                              const dialogue::Attributes& attributes);

// Whether an attribute is among them.
bool sets(const dialogue::Attributes& attributes, std::string_view name);

// The settings in their text form, but for what has its initial value and goes without saying;
// with_attributes({}, to_attributes(s)) == s.
dialogue::Attributes to_attributes(const Settings& settings);

// Whether this is how a FIFO queue is called.
bool is_fifo_name(std::string_view name);

// What is wrong with settings that do not go together, or nothing.
std::string fault_in_pair(const Settings& settings);

// Whether `source` may have a queue with these settings for its dead letters.
bool takes_dead_letters_of(const Settings& settings, std::string_view source);

// All that can be set, also what goes without saying: for who compares settings one by one.
dialogue::Attributes all_attributes(const Settings& settings);

// Empty if the name is good, else what is wrong with it.
std::string_view fault_in_queue_name(std::string_view name);

// How long a message waits after its `receives`-th delivery failed: base * 2^(receives-1), at most
// the maximum, of which the upper half is jitter drawn from `seed` (full spread would let a retry
// come at once; none would let a thousand come together).
Millis backoff(const Settings& settings, std::uint32_t receives, std::uint64_t seed);

}  // namespace esteira::engine

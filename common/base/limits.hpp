#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/clock.hpp"

// Every bound of the system, in one place. What has no bound here must not grow.
namespace esteira::limits {

using namespace std::chrono_literals;

// Amazon SQS, so that a client cannot tell the difference.
inline constexpr std::uint32_t kMessageBytesMax = 1 << 20;  // Body and attributes together.
inline constexpr std::uint32_t kMessageBytesMaxLeast = 1024;
inline constexpr std::uint32_t kAttributesMax = 10;
inline constexpr std::uint32_t kAttributeNameBytesMax = 256;
inline constexpr std::uint32_t kQueueNameBytesMax = 80;
inline constexpr Millis kVisibilityMax = 12h;
inline constexpr Millis kDelayMax = 15min;
inline constexpr Millis kWaitMax = 20s;  // As an attribute of a queue.
inline constexpr Millis kRetentionMin = 60s;
inline constexpr Millis kRetentionMax = 14 * 24h;
inline constexpr std::uint32_t kMaxReceivesMax = 1000;
inline constexpr std::uint32_t kTagsMax = 50;
inline constexpr std::uint32_t kTagKeyBytesMax = 128;
inline constexpr std::uint32_t kTagValueBytesMax = 256;
inline constexpr std::uint32_t kPolicyBytesMax = 8192;
inline constexpr std::uint32_t kKmsKeyBytesMax = 2048;
inline constexpr std::uint32_t kInFlightMax = 120'000;  // A queue.
inline constexpr Millis kDedupKept = 5min;              // From the first send of an id.
inline constexpr Millis kAttemptKept = 5min;            // A receive that may be repeated by its id.
inline constexpr std::size_t kAttemptsKept = 10'000;    // Of all queues.

// The native dialogue.
inline constexpr std::uint32_t kRequestEntriesMax = 1000;
inline constexpr std::uint32_t kRequestBytesMax = 8 << 20;
inline constexpr std::uint32_t kReceiveCountMax = 10'000;
inline constexpr Millis kWindowMax = 300s;  // A receive's wait.
inline constexpr std::uint32_t kReceiveBytesMax = 8 << 20;
inline constexpr std::uint32_t kWireFrameBytesMax = 9 << 20;  // ZMQ_MAXMSGSIZE.
inline constexpr int kHighWaterMark = 16;
inline constexpr std::uint32_t kReasonBytesMax = 512;      // Why a message was retried or buried.
inline constexpr std::uint32_t kOriginBytesMax = 128;      // An origin id, "/<index>" and all.
inline constexpr std::uint32_t kNameBytesMax = 128;        // Client, worker and pool names.
inline constexpr std::uint32_t kGroupBytesMax = 128;       // Group and deduplication ids.
inline constexpr std::uint32_t kAttemptBytesMax = 128;     // A receive attempt's id.
inline constexpr std::uint32_t kQueueAttributesMax = 128;  // Settings, counts and times.
inline constexpr std::uint32_t kQueueAttributeNameBytesMax = 256;   // A tag's name as well,
inline constexpr std::uint32_t kQueueAttributeBytesMax = 16 << 10;  // and its value.

// Outstanding work: beyond it the broker stops reading.
inline constexpr std::uint32_t kRequestsPerConnectionMax = 64;
inline constexpr std::uint64_t kBytesPerConnectionMax = 16ULL << 20;
inline constexpr std::uint64_t kAnswerBytesPerConnectionMax = 64ULL << 20;
inline constexpr std::uint64_t kBytesOutstandingMax = 256ULL << 20;
inline constexpr std::uint64_t kTurnBytesMax = 16ULL << 20;
inline constexpr std::uint32_t kConnectionsMax = 1024;
inline constexpr std::uint32_t kLongPollsMax = 4096;

// Sessions and workers.
inline constexpr std::uint32_t kSessionsMax = 4096;
inline constexpr std::uint32_t kSessionRequestsKept = 64;
inline constexpr std::uint64_t kSessionBytesMax = 8 << 20;  // Of all notes, as the state has them.
inline constexpr Millis kSessionIdleMax = 15min;
inline constexpr Millis kWorkerBeat = 2s;
inline constexpr Millis kWorkerSilentMax = 10s;
inline constexpr std::uint32_t kWorkersMax = 4096;
inline constexpr std::uint32_t kPoolsMax = 256;
inline constexpr std::uint32_t kPoolWorkersMax = 1000;
inline constexpr std::uint32_t kCrashesBeforeAlone = 2;   // Then a message is delivered by itself,
inline constexpr std::uint32_t kCrashesBeforeBurial = 4;  // and after two more it is buried.

// What a broker holds.
inline constexpr std::uint32_t kQueuesMax = 10'000;
inline constexpr std::uint64_t kQueueStateBytesMax = 13 << 20;  // Names, settings and tags of all.
inline constexpr std::uint64_t kQueueBytesMaxDefault = 10ULL << 30;
inline constexpr std::uint64_t kTotalBytesMaxDefault = 50ULL << 30;
inline constexpr std::size_t kDedupIdsMax = 10'000'000;       // Of five minutes, all queues.
inline constexpr std::uint64_t kDelayedMax = 10'000'000;      // All queues; 32 bytes of RAM each.
inline constexpr std::uint32_t kTopicSubscriptionsMax = 100;  // A topic,
inline constexpr std::uint32_t kSubscriptionsMax = 10'000;    // and all of them.
inline constexpr std::uint32_t kFilterBytesMax = 1024;
inline constexpr std::uint64_t kSubscriptionStateBytesMax = 4 << 20;  // Filters of all.

// Move tasks. What one turn does for all of them is bounded as well.
inline constexpr std::uint32_t kMovesActiveMax = 100;
inline constexpr std::uint32_t kMovesKeptPerQueue = 10;  // Of those that ended,
inline constexpr std::uint32_t kMovesKept = 1000;        // and of all queues.
inline constexpr std::uint32_t kMoveFilterBytesMax = 1024;
inline constexpr std::uint32_t kMovesTurnMessages = 1000;
inline constexpr std::uint32_t kMovesTurnBytes = 1 << 20;
inline constexpr std::uint32_t kFindMessagesMax = 50'000;  // Looked through for one that is named,
inline constexpr std::uint32_t kFindBytesMax = 32 << 20;   // or that a filter means.

// The journal.
inline constexpr std::uint32_t kSectorBytes =
    512;  // Atomic on the disk, by our model of power loss.
inline constexpr std::uint32_t kFrameBytesMax = 4 << 20;
inline constexpr std::uint32_t kSegmentBytes = 64 << 20;
inline constexpr std::uint32_t kReserveSegments =
    2;  // Deletes and burials may use them; sends may not.
inline constexpr std::uint32_t kRelocationSliceBytes = 1 << 20;  // A turn.

static_assert(kWireFrameBytesMax > kRequestBytesMax && kWireFrameBytesMax > kReceiveBytesMax);
static_assert(kFrameBytesMax > kMessageBytesMax + 64 * 1024,
              "a message and its history fit one frame");
static_assert(kSegmentBytes >= 4 * kFrameBytesMax, "a turn fits one segment");
// About what a worker, a receive attempt and a task add to the state, at most.
inline constexpr std::uint64_t kOtherStateBytesMax =
    kSessionsMax * 512ULL + kAttemptsKept * (kAttemptBytesMax + 64) +
    (kMovesKept + kMovesActiveMax) * (kMoveFilterBytesMax + 1024);
static_assert(kSessionBytesMax + kQueueStateBytesMax + kSubscriptionStateBytesMax +
                      kOtherStateBytesMax <
                  kSegmentBytes / 2,
              "a segment opens with the state");
static_assert(kSessionRequestsKept >= kRequestsPerConnectionMax,
              "what may be repeated is remembered");
static_assert(kWorkerSilentMax >= 3 * kWorkerBeat);

}  // namespace esteira::limits

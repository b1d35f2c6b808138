#include "tests/simulation/watched_journal.hpp"

#include "broker/engine/event_codec.hpp"

namespace esteira::simulation {

void WatchedJournal::note_frames() {
    const std::uint64_t batch = inner_.stats().batch;
    if (batch == batch_ || digests_ == nullptr) {
        return;
    }
    frames_in_turn_ += static_cast<std::uint32_t>(batch - batch_);
    const std::uint64_t digest = digest_();
    while (batch_ < batch) {
        (*digests_)[++batch_] = digest;
    }
}

// Only to count what happens; the checks do not depend on it.
void WatchedJournal::look_at_last() {
    const std::span<std::byte> bytes = std::exchange(last_, {});
    if (bytes.size() < engine::kStoredBytes || bytes[0] != std::byte{1} ||
        bytes[1] == std::byte{0}) {
        return;
    }
    const auto event = engine::decode(bytes).first;
    const auto& stored = std::get<engine::Stored>(event);
    buried_in_turn_ |= stored.cause == engine::Cause::buried;
    if (stored.cause != engine::Cause::relocated) {
        return;
    }
    counters_.add(Sometimes::relocated_shared, !stored.shared.empty());
    counters_.add(Sometimes::relocated_in_group, stored.fifo && !stored.held);
    counters_.add(Sometimes::relocated_in_group_held, stored.fifo && stored.held);
    counters_.add(stored.held                       ? Sometimes::relocated_held
                  : stored.visible_at > now_.broker ? Sometimes::relocated_delayed
                                                    : Sometimes::relocated_waiting);
}

}  // namespace esteira::simulation

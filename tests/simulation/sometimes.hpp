#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

// What has to happen somewhere in a run of many lives. A rare path that no seed takes any more is a
// blind spot; the run fails when one of these stays at zero.
namespace esteira::simulation {

enum class Sometimes : std::uint8_t {
    process_crash,
    power_loss,
    torn_write,
    crash_in_recovery,
    crash_mid_turn,
    failed_sync,
    failed_sync_in_recovery,
    short_write,
    device_failed,
    disk_full_refusal,
    torn_tail_quarantined,
    damage_refused,
    stale_sector_refused,
    body_set_aside,
    rolled,
    segment_recycled,
    recovered_from_later_chunk,
    relocated_waiting,
    relocated_delayed,
    relocated_held,
    relocated_shared,
    published_to_several,
    buried_by_verdict,
    buried_for_its_count,
    buried_for_its_crashes,
    burial_in_a_lost_turn,
    redriven,
    dropped,
    move_skipped,
    move_cancelled,
    move_failed,
    move_survived,
    expired,
    purged,
    queue_removed,
    worker_died,
    worker_left,
    handed_back,
    undelivered,
    delivered_again,
    long_poll_answered,
    stale_receipt_refused,
    repeat_answered_alike,
    repeat_answered_after_restart,
    repeat_of_unknown_had_happened,
    repeat_of_unknown_was_new,
    same_lease_again,
    mismatch_refused,
    request_expired,
    sent_on,
    queue_full_refusal,
    clock_clamped,
    several_frames_in_a_turn,
    late_receipt_refused,
    group_locked,
    buried_in_order,
    delay_cut,
    relocated_in_group,
    relocated_in_group_held,
    dedup_hit,
    dedup_hit_after_restart,
    dedup_hit_by_body,
    dedup_hit_when_gone,
    dedup_of_unknown,
    dedup_id_forgotten,
    dedup_id_free_after_purge,
    delivered_to_tenant,
    published_in_order,
    published_again_in_order,
    count_,
};

inline constexpr std::array<const char*, static_cast<std::size_t>(Sometimes::count_)>
    kSometimesNames = {
        "process_crash",
        "power_loss",
        "torn_write",
        "crash_in_recovery",
        "crash_mid_turn",
        "failed_sync",
        "failed_sync_in_recovery",
        "short_write",
        "device_failed",
        "disk_full_refusal",
        "torn_tail_quarantined",
        "damage_refused",
        "stale_sector_refused",
        "body_set_aside",
        "rolled",
        "segment_recycled",
        "recovered_from_later_chunk",
        "relocated_waiting",
        "relocated_delayed",
        "relocated_held",
        "relocated_shared",
        "published_to_several",
        "buried_by_verdict",
        "buried_for_its_count",
        "buried_for_its_crashes",
        "burial_in_a_lost_turn",
        "redriven",
        "dropped",
        "move_skipped",
        "move_cancelled",
        "move_failed",
        "move_survived",
        "expired",
        "purged",
        "queue_removed",
        "worker_died",
        "worker_left",
        "handed_back",
        "undelivered",
        "delivered_again",
        "long_poll_answered",
        "stale_receipt_refused",
        "repeat_answered_alike",
        "repeat_answered_after_restart",
        "repeat_of_unknown_had_happened",
        "repeat_of_unknown_was_new",
        "same_lease_again",
        "mismatch_refused",
        "request_expired",
        "sent_on",
        "queue_full_refusal",
        "clock_clamped",
        "several_frames_in_a_turn",
        "late_receipt_refused",
        "group_locked",
        "buried_in_order",
        "delay_cut",
        "relocated_in_group",
        "relocated_in_group_held",
        "dedup_hit",
        "dedup_hit_after_restart",
        "dedup_hit_by_body",
        "dedup_hit_when_gone",
        "dedup_of_unknown",
        "dedup_id_forgotten",
        "dedup_id_free_after_purge",
        "delivered_to_tenant",
        "published_in_order",
        "published_again_in_order",
};

class Counters {
public:
    void add(Sometimes what, std::uint64_t times = 1) {
        counts_[static_cast<std::size_t>(what)] += times;
    }
    void add(const Counters& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            counts_[i] += other.counts_[i];
        }
    }
    std::uint64_t of(std::size_t i) const { return counts_[i]; }

private:
    std::array<std::uint64_t, static_cast<std::size_t>(Sometimes::count_)> counts_{};
};

}  // namespace esteira::simulation

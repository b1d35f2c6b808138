#pragma once

#include <cstdlib>

// Deliberate bugs, so that the tests can be tested. In a normal build `mutant()` is a constant
// false and costs nothing; a build with ESTEIRA_MUTANTS plants the one that the environment
// variable ESTEIRA_MUTANT names, and the simulation has to go red (tests/simulation).
namespace esteira {

enum class Mutant : int {
    none = 0,
    ack_before_sync,
    no_frame_hash,
    truncate_at_any_bad_frame,
    retry_failed_sync,
    restart_trusts_page_cache,
    burial_in_two_frames,
    receive_count_not_journaled,
    session_not_rebuilt,
    stale_receipt_accepted,
    deadlines_on_wall_clock,
    no_seal_after_torn_tail,
    delete_answered_before_sync,
    sync_error_in_recovery_ignored,
    relocated_twice,
    reference_below_start_is_damage,
    session_forgotten_with_segment,
    body_crc_not_checked,
    receipt_valid_after_hand_back,
    delivery_number_reused,
    recycled_before_sync,
    attempts_lost_by_relocation,
    fifo_head_skipped,
    expired_receipt_accepted,
    dedup_not_rebuilt,
    shared_body_dropped_early,
    filter_ignored,
    filter_matches_everything,
    moves_forgotten_with_segment,
    moved_not_counted_in_replay,
    log_dropped_under_dedup_ids,
    pause_ignored,
    window_opens_early,
    receive_attempt_forgotten,
    last_,
};

#if defined(ESTEIRA_MUTANTS)
inline Mutant planted_mutant() {
    static const Mutant planted = [] {
        const char* number = std::getenv("ESTEIRA_MUTANT");
        return number == nullptr ? Mutant::none : static_cast<Mutant>(std::atoi(number));
    }();
    return planted;
}
inline bool mutant(Mutant which) { return planted_mutant() == which; }
#else
constexpr bool mutant(Mutant) { return false; }
#endif

}  // namespace esteira

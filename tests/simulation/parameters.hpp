#pragma once

#include <cstdint>
#include <string>

namespace esteira::simulation {

// How a life is: drawn from its seed, so that rare things are common in some lives and away in
// others. Chances are per mille.
struct Parameters {
    std::uint64_t seed = 0;
    std::uint32_t steps = 400;

    // The journal: small segments, so that it rolls, collects and recycles all the time.
    std::uint32_t segment_bytes = 64 << 10;
    std::uint32_t frame_bytes = 8 << 10;
    std::uint32_t tail_bytes = 0;
    std::uint32_t spares_max = 6;
    bool free_floor = false;

    // Traffic.
    std::uint32_t queues = 2;
    bool dead_letters = true;
    std::uint32_t subscribers = 0;  // Of the topic; 0: there is none.
    bool fifo_subscriber = false;   // One more.
    std::uint32_t sessions = 2;
    std::uint32_t commands_max = 3;
    std::uint32_t entries_max = 6;
    std::uint32_t body_bytes_max = 400;
    std::uint32_t step_millis_max = 3'000;
    std::uint32_t visibility_seconds_max = 20;
    bool delays = true;
    bool short_retention = false;
    bool long_polls = true;
    bool workers = true;
    std::uint32_t deaths = 0;  // Of steps in which a client falls silent for a while.
    bool wall_jumps = false;
    bool caps = false;
    std::uint32_t pauses = 0;    // Of settings, those that pause something.
    std::uint32_t windows = 0;   // Of long polls, those for a batch.
    std::uint32_t attempts = 0;  // Of receives of FIFO queues, those with an id of their own.
    std::uint32_t repeats = 60;
    std::uint32_t admin = 15;
    std::uint32_t sends = 40;    // Of a hundred commands; so many settle,
    std::uint32_t settles = 30;  // and the rest receives.
    std::uint32_t greedy = 300;  // Receives that ask for many.
    std::uint32_t upkeep = 150;  // Marks, prepared space.

    // Groups.
    std::uint32_t fifo_queues = 0;
    std::uint32_t groups = 2;       // That a FIFO queue has messages of.
    std::uint32_t known_ids = 300;  // Of sends to FIFO queues, those with a well-used id.
    std::uint32_t tenants = 0;      // Of sends to standard queues, those with a group.

    // Faults.
    std::uint32_t crash = 0;          // The process ends at some call of the disk.
    std::uint32_t power_share = 500;  // Of ends that are a power loss.
    bool garble = false;
    std::uint32_t crash_in_recovery = 0;
    std::uint32_t failed_sync = 0;
    std::uint32_t short_write = 0;
    std::uint32_t full_disk = 0;
    std::uint32_t flip = 0;       // Of starts, with damage in what is proven.
    std::uint32_t body_flip = 0;  // Of turns.

    static Parameters of_seed(std::uint64_t seed);
    // No fault and nothing random but the traffic.
    void without_faults();
};

std::string to_string(const Parameters& parameters);

}  // namespace esteira::simulation

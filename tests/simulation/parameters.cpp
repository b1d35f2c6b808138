#include "tests/simulation/parameters.hpp"

#include <algorithm>
#include <sstream>

#include "tests/simulation/draw.hpp"
#include "tests/simulation/rules.hpp"

namespace esteira::simulation {

namespace {

void draw_journal(Parameters& p, Draw& draw) {
    p.segment_bytes = 16384 * draw.from_to(6, 8);  // Its state, which all sessions are in, fits.
    p.frame_bytes = 4096 * draw.from_to(2, 4);
    p.tail_bytes = draw.chance(500) ? 0 : 16384 * draw.below(8);
    p.spares_max = draw.from_to(4, 7);
    p.upkeep = 10 * draw.below(20);
}

void draw_traffic(Parameters& p, Draw& draw) {
    p.queues = draw.from_to(1, 4);
    p.dead_letters = draw.chance(800);
    p.sessions = draw.from_to(1, 3);
    p.commands_max = draw.from_to(1, 4);
    p.entries_max = draw.from_to(1, 10);
    const std::uint32_t bodies[] = {40, 400, 1500, 5000};
    p.body_bytes_max = bodies[draw.below(4)];
    const std::uint32_t paces[] = {40, 500, 3'000, 20'000, 60'000};
    p.step_millis_max = paces[draw.below(5)];
    p.visibility_seconds_max = draw.from_to(1, 60);
    p.delays = draw.chance(500);
    p.short_retention = draw.chance(200);
    p.long_polls = draw.chance(600);
    p.workers = draw.chance(500);
    p.deaths = p.workers && draw.chance(400) ? draw.from_to(50, 250) : 0;
    p.wall_jumps = draw.chance(300);
    if (p.deaths != 0) {  // The same messages again and again, to those who die over them.
        p.sends = 10;
        p.settles = 5;
    }
    p.caps = draw.chance(150);
    p.repeats = draw.chance(200) ? 0 : 20 * draw.from_to(1, 8);
    p.admin = draw.chance(300) ? 0 : draw.from_to(2, 30);
    p.greedy = 100 * draw.from_to(1, 9);
}

// From a seed of their own: lives without groups are what they were before there were any.
void draw_groups(Parameters& p, std::uint64_t seed) {
    Draw draw(seed ^ 0x67726F757073);
    if (draw.chance(500)) {
        return;
    }
    const std::uint32_t kind = draw.below(100);
    if (kind < 85) {
        p.fifo_queues = draw.from_to(1, kFirstDeadLetters - kFirstFifo);
        p.queues = draw.chance(500) ? 0 : draw.from_to(1, 2);
        p.groups = draw.from_to(1, 4);
        p.known_ids = 100 * draw.below(8);
        // Every entry of a batch may be answered with another number than the next one: what is
        // remembered of the requests has to fit a segment.
        p.segment_bytes *= 2;
        p.entries_max = std::min(p.entries_max, 6U);
    }
    p.tenants = kind >= 85 || draw.chance(300) ? draw.from_to(100, 900) : 0;
}

void draw_faults(Parameters& p, Draw& draw) {
    p.crash = draw.from_to(5, 40);
    p.power_share = 250 * draw.below(5);
    p.garble = draw.chance(500);
    p.crash_in_recovery = draw.chance(500) ? 300 : 0;
    p.failed_sync = draw.chance(500) ? draw.from_to(2, 20) : 0;
    p.short_write = draw.chance(400) ? draw.from_to(2, 20) : 0;
    p.full_disk = draw.chance(300) ? draw.from_to(3, 20) : 0;
    p.flip = draw.chance(400) ? 300 : 0;
    p.body_flip = draw.chance(300) ? draw.from_to(5, 40) : 0;
}

// Alone, a fault shows what it does by itself.
void keep_one_fault(Parameters& p, Draw& draw) {
    const Parameters all = p;
    p.without_faults();
    switch (draw.below(6)) {
        case 0:
            p.crash = all.crash;
            p.power_share = 0;
            break;
        case 1:
            p.crash = all.crash;
            p.power_share = 1000;
            p.garble = all.garble;
            break;
        case 2:
            p.failed_sync = 15;
            break;
        case 3:
            p.full_disk = 15;
            break;
        case 4:
            p.crash = 10;
            p.flip = 500;
            break;
        case 5:
            p.body_flip = 40;
            break;
    }
}

}  // namespace

void Parameters::without_faults() {
    crash = crash_in_recovery = failed_sync = short_write = full_disk = flip = body_flip = 0;
    garble = false;
}

Parameters Parameters::of_seed(std::uint64_t seed) {
    Draw draw(seed ^ 0x70617261);
    Parameters p;
    p.seed = seed;
    draw_journal(p, draw);
    draw_traffic(p, draw);
    draw_groups(p, seed);
    draw_faults(p, draw);
    if (p.body_bytes_max > p.frame_bytes / 3) {
        p.body_bytes_max = p.frame_bytes / 3;  // A message and its history fit one frame.
    }
    const std::uint32_t kind = draw.below(100);
    if (kind < 10) {
        p.without_faults();
    } else if (kind < 45) {
        keep_one_fault(p, draw);
    }
    if (Draw topics(seed ^ 0x746F706963); topics.chance(400)) {
        p.queues = std::max(p.queues, 2U);
        p.subscribers = std::min(p.queues, topics.from_to(2, 3));
        p.fifo_subscriber = p.fifo_queues > 0 && topics.chance(600);
    }
    Draw more(seed ^ 0x706175736573);
    p.pauses = p.admin > 5 && more.chance(300) ? more.from_to(100, 400) : 0;
    p.windows = p.long_polls && more.chance(300) ? more.from_to(200, 800) : 0;
    p.attempts = p.fifo_queues > 0 && more.chance(500) ? more.from_to(200, 900) : 0;
    p.free_floor = p.full_disk != 0 && draw.chance(500);
    return p;
}

std::string to_string(const Parameters& p) {
    std::ostringstream out;
    out << "seed=" << p.seed << " steps=" << p.steps << " segment=" << p.segment_bytes
        << " frame=" << p.frame_bytes << " tail=" << p.tail_bytes << " spares=" << p.spares_max
        << " floor=" << p.free_floor << " queues=" << p.queues << " dlq=" << p.dead_letters
        << " subscribers=" << p.subscribers << "+" << p.fifo_subscriber
        << " sessions=" << p.sessions << " commands=" << p.commands_max
        << " entries=" << p.entries_max << " body=" << p.body_bytes_max
        << " pace=" << p.step_millis_max << "ms visibility=" << p.visibility_seconds_max
        << "s delays=" << p.delays << " retention=" << p.short_retention
        << " polls=" << p.long_polls << " workers=" << p.workers << " deaths=" << p.deaths
        << " jumps=" << p.wall_jumps << " caps=" << p.caps << " repeats=" << p.repeats
        << " pauses=" << p.pauses << " windows=" << p.windows << " attempts=" << p.attempts
        << " fifo=" << p.fifo_queues << " groups=" << p.groups << " ids=" << p.known_ids
        << " tenants=" << p.tenants << " admin=" << p.admin << " crash=" << p.crash
        << " power=" << p.power_share << " garble=" << p.garble
        << " crash_in_recovery=" << p.crash_in_recovery << " failed_sync=" << p.failed_sync
        << " short_write=" << p.short_write << " full_disk=" << p.full_disk << " flip=" << p.flip
        << " body_flip=" << p.body_flip;
    return out.str();
}

}  // namespace esteira::simulation

#include "tests/simulation/world.hpp"

#include <algorithm>
#include <cerrno>

#include "broker/journal/local/format.hpp"

namespace esteira::simulation {

namespace {

constexpr Millis kCatchUpMax = std::chrono::hours(1);
constexpr int kStartsWithFaults = 4;

}  // namespace

World::World(const Parameters& parameters, Counters& counters)
    : parameters_(parameters),
      counters_(counters),
      draw_(parameters.seed ^ 0x776F726C64),
      model_(kBrokerId, counters),
      now_{Time(kCatchUpMax), WallTime(Millis(1'700'000'000'000))} {}

void World::expect(bool condition, const std::string& what) const {
    if (!condition) {
        throw Violation(what);
    }
}

journal::LocalOptions World::options() {
    journal::LocalOptions options;
    options.segment_bytes = parameters_.segment_bytes;
    options.frame_bytes = parameters_.frame_bytes;
    options.tail_bytes = parameters_.tail_bytes;
    options.spares_max = parameters_.spares_max;
    options.free_bytes_floor = parameters_.free_floor ? 3 * parameters_.segment_bytes : 0;
    options.random = [this] { return draw_.any(); };
    return options;
}

void World::end(bool power) {
    core_.reset();
    watched_.reset();
    journal_.reset();
    if (power) {
        counters_.add(Sometimes::power_loss);
        disk_.crash_power(draw_.any(), parameters_.garble);
    } else {
        counters_.add(Sometimes::process_crash);
        disk_.crash_process();
    }
}

void World::died(bool at_start) {
    if (at_start) {
        counters_.add(Sometimes::crash_in_recovery);
    }
    end(draw_.chance(parameters_.power_share));
}

void World::calm() {
    disk_.crash_process();
    disk_.unlimit_room();
    full_ = false;
}

void World::start() {
    for (int attempt = 0;; ++attempt) {
        undo_flips();
        const bool faults = attempt < kStartsWithFaults;
        if (!faults) {
            calm();
        } else if (draw_.chance(parameters_.crash_in_recovery)) {
            const bool torn = draw_.chance(300);
            disk_.crash_at_call(draw_.from_to(1, 80), torn);
        } else if (draw_.chance(parameters_.failed_sync * 10)) {
            disk_.fail_next_sync(EIO);
            device_may_fail_ = true;
        }
        const bool will_fail = disk_.sync_will_fail();
        try {
            open();
            expect(!will_fail || disk_.sync_will_fail(),
                   "a sync failed during recovery, and the broker started");
            if (draw_.chance(300)) {  // A start changes nothing that the next one would miss.
                const std::uint64_t digest = core_->engine().digest();
                core_.reset();
                watched_.reset();
                journal_.reset();
                open();
                expect(core_->engine().digest() == digest, "a second recovery differs");
            }
            flips_.clear();  // Names are durable: what is gone by now stays away.
            core_->start(now_);
            model_.process_started(now_.broker);
            return;
        } catch (const journal::SimCrash&) {
            died(true);
        } catch (const journal::DeviceFailed& failed) {
            counters_.add(Sometimes::failed_sync_in_recovery, will_fail);
            expect(device_may_fail_, failed.what());
            end(false);
        } catch (const journal::Damaged& damaged) {
            throw Violation(std::string("a start refuses the log: ") + damaged.what());
        }
    }
}

void World::open() {
    journal_ = std::make_unique<journal::LocalJournal>(disk_, options());
    watched_ = std::make_unique<WatchedJournal>(*journal_, counters_);
    core_ = std::make_unique<broker::Core>(*watched_, kBrokerId);
    const Now last = core_->recover();
    counters_.add(Sometimes::move_survived, core_->engine().moves().active_count());
    if (!(last == Now{})) {
        const Millis passed = now_.wall - last.wall;
        const Millis counted = std::clamp(passed, Millis{0}, kCatchUpMax);
        counters_.add(Sometimes::clock_clamped, passed != counted);
        now_.broker = last.broker + counted;
    }
    const journal::Stats stats = journal_->stats();
    counters_.add(Sometimes::torn_tail_quarantined, stats.quarantined_bytes > 0);
    counters_.add(Sometimes::recovered_from_later_chunk, stats.first_chunk > 1);
    first_chunk_ = stats.first_chunk;
    open_chunk_ = stats.open_chunk;
    check_recovered(core_->engine().digest());
    watched_->watch([this] { return core_->engine().digest(); }, digests_);
    check_accounts();
}

// The state is one that the log had led to after a frame, and no answered one is missing.
void World::check_recovered(std::uint64_t digest) {
    const std::uint64_t batch = journal_->stats().batch;
    expect(batch >= released_batch_, "recovered batch " + std::to_string(batch) +
                                         ", answers had left after " +
                                         std::to_string(released_batch_));
    const auto known = digests_.find(batch);
    if (known == digests_.end()) {
        expect(digests_.empty() && batch == 0,
               "recovered batch " + std::to_string(batch) + ", which was never written");
        digests_[0] = digest;
        return;
    }
    expect(known->second == digest,
           "the state after batch " + std::to_string(batch) + " is another one than it was");
    digests_.erase(std::next(known), digests_.end());
    digests_.erase(digests_.begin(), known);
    released_batch_ = batch;  // All of it is durable now.
}

bool World::turn(const std::function<void()>& decide, const broker::Core::Release& release) {
    try {
        core_->begin_turn(now_);
        decide();
        tell_of_moves();
        core_->finish_turn([&](std::vector<engine::Answered>& answers) {
            released_batch_ = journal_->stats().batch;
            release(answers);
        });
        watch_log();
        check_accounts();
        return true;
    } catch (const journal::SimCrash&) {
        counters_.add(Sometimes::crash_mid_turn);
        counters_.add(Sometimes::burial_in_a_lost_turn, watched_->buried_in_turn());
        died(false);
    } catch (const journal::DeviceFailed& failed) {
        counters_.add(Sometimes::device_failed);
        expect(device_may_fail_, failed.what());
        died(false);
    }
    return false;
}

bool World::upkeep() {
    try {
        if (draw_.chance(parameters_.upkeep)) {
            journal_->prepare_step();
        }
        if (draw_.chance(parameters_.upkeep / 2)) {
            journal_->mark();
            watched_->note_frames();
            released_batch_ = journal_->stats().batch;
        }
        return true;
    } catch (const journal::SimCrash&) {
        watched_->note_frames();
        died(false);
    } catch (const journal::DeviceFailed& failed) {
        watched_->note_frames();
        expect(device_may_fail_, failed.what());
        died(false);
    }
    return false;
}

void World::watch_log() {
    const journal::Stats stats = journal_->stats();
    counters_.add(Sometimes::rolled, stats.open_chunk - open_chunk_);
    counters_.add(Sometimes::segment_recycled, stats.first_chunk - first_chunk_);
    counters_.add(Sometimes::several_frames_in_a_turn, watched_->frames_in_turn() > 1);
    open_chunk_ = stats.open_chunk;
    first_chunk_ = stats.first_chunk;
    digests_.erase(digests_.begin(), digests_.lower_bound(released_batch_));
}

void World::check_accounts() {
    std::array<std::optional<std::uint64_t>, kSlots> held;
    for (Slot slot = 0; slot < kSlots; ++slot) {
        engine::Queue* queue = engine().find_queue(name_of(slot));
        if (queue == nullptr) {
            continue;
        }
        const auto total = [&](engine::Total which) { return queue->total(which); };
        using enum engine::Total;
        const std::uint64_t in = total(sent) + total(moved_in);
        const std::uint64_t out = total(deleted) + total(buried) + total(redriven) +
                                  total(expired) + total(damaged) + total(purged) + total(dropped);
        queue->advance(core_->now().broker);
        const std::uint64_t here = queue->counts(core_->now().broker).all();
        expect(here == queue->messages() && in == here + out,
               name_of(slot) + ": " + std::to_string(in) + " came in, " + std::to_string(out) +
                   " went, " + std::to_string(here) + " are here");
        held[slot] = here;
    }
    model_.check_counts(held);
}

// The tasks that run have their share of the turn at its end.
void World::tell_of_moves() {
    const auto slot_named = [](const std::string& name) {
        Slot slot = 0;
        while (slot < kSlots && name_of(slot) != name) {
            ++slot;
        }
        return slot < kSlots ? slot : kNoSlot;
    };
    std::vector<Model::Moving> moves;
    for (const engine::Move* move : engine().moves().all()) {
        if (move->state != engine::MoveState::running || move->dry_run) {
            continue;
        }
        Model::Moving moving;
        moving.from = slot_named(move->source_name);
        moving.target = slot_named(move->destination_name);
        moving.drops = move->kind == engine::MoveKind::drop;
        if (!move->filter.empty()) {
            moving.with_attributes = move->filter.front() != '-';
        }
        moves.push_back(moving);
    }
    model_.moves_now(std::move(moves), now_);
}

void World::count_totals() {
    for (const engine::Move* move : engine().moves().all()) {
        counters_.add(Sometimes::move_skipped, move->skipped_in_all());
        counters_.add(Sometimes::move_cancelled, move->state == engine::MoveState::cancelled);
        counters_.add(Sometimes::move_failed, move->state == engine::MoveState::failed);
    }
    for (const auto& [name, number] : engine().queue_names()) {
        engine::Queue& queue = *engine().find_queue(name);
        using enum engine::Total;
        counters_.add(Sometimes::expired, queue.total(expired));
        counters_.add(Sometimes::body_set_aside, queue.total(damaged));
        counters_.add(Sometimes::worker_died, queue.total(worker_dead) + queue.total(crashed));
        counters_.add(Sometimes::purged, queue.total(purged));
        counters_.add(Sometimes::redriven, queue.total(redriven));
        counters_.add(Sometimes::dropped, queue.total(dropped));
    }
}

}  // namespace esteira::simulation

#include "broker/server/core.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/mutant.hpp"

namespace esteira::broker {

namespace {

// Hands the log to the engine; the parts of a state are put together first.
class Replayer final : public journal::Journal::Visitor {
public:
    explicit Replayer(engine::Engine& engine) : engine_(engine) {}

    void state(std::uint32_t chunk, std::uint32_t index, std::uint32_t count,
               std::span<const std::byte> payload) override {
        if (index == 0) {
            state_.clear();
        }
        state_.insert(state_.end(), payload.begin(), payload.end());
        if (index + 1 == count) {
            engine_.load_state(chunk, state_);
        }
    }
    void frame(Position at, Now time, std::span<const std::byte> payload) override {
        engine_.replay_frame(at, time, payload);
    }

private:
    engine::Engine& engine_;
    std::vector<std::byte> state_;
};

}  // namespace

Core::Core(journal::Journal& journal, std::uint64_t broker_id)
    : journal_(journal), log_(journal), engine_(log_, tools_, broker_id) {
    journal_.set_state_source([this] { return engine_.state(); });
}

Now Core::recover() {
    Replayer replayer(engine_);
    now_ = journal_.replay(replayer);
    return now_;
}

void Core::start(Now now) {
    now_ = now;
    engine_.recovered(now);
}

void Core::begin_turn(Now now) {
    if (mutant(Mutant::deadlines_on_wall_clock)) {
        now.broker = Time{now.wall.time_since_epoch()};
    }
    now_ = now;
    journal_.begin_turn(now);
}

// Drops what nobody needs and, when more than half of the log is dead, makes more of it droppable.
void Core::tidy_log() {
    const journal::Stats stats = journal_.stats();
    relocation_credit_ += stats.appended_bytes - appended_before_;
    appended_before_ = stats.appended_bytes;
    const std::uint64_t live = engine_.live_bytes();
    const std::uint32_t chunks = stats.open_chunk - stats.first_chunk;
    const bool mostly_dead = chunks >= 2 && stats.bytes > 2 * live;
    const bool short_of_space = !journal_.may_grow() && stats.bytes > live;
    if (mostly_dead || short_of_space) {
        relocation_credit_ =
            short_of_space
                ? limits::kRelocationSliceBytes
                : std::min<std::uint64_t>(relocation_credit_, limits::kRelocationSliceBytes);
        const std::size_t moved = engine_.collect(stats.open_chunk, relocation_credit_, now_);
        relocation_credit_ -= std::min<std::uint64_t>(relocation_credit_, moved);
    } else {
        relocation_credit_ = 0;
    }
    const std::uint32_t needed = engine_.first_needed(stats.open_chunk);
    if (needed > stats.first_chunk) {
        journal_.trim(needed);
    }
}

void Core::finish_turn(const Release& release) {
    engine_.serve(now_);
    engine_.sweep(now_);
    engine_.serve(now_);  // What a sweep returned may have a receiver waiting.
    tidy_log();
    if (mutant(Mutant::ack_before_sync)) {
        release(engine_.answers());
    }
    journal_.append();
    if (mutant(Mutant::delete_answered_before_sync)) {
        release(engine_.answers());
    }
    journal_.sync();
    if (!mutant(Mutant::ack_before_sync) && !mutant(Mutant::delete_answered_before_sync)) {
        release(engine_.answers());
    }
    engine_.end_turn();
}

}  // namespace esteira::broker

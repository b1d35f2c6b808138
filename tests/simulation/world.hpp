#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/journal/local/local_journal.hpp"
#include "broker/server/core.hpp"
#include "tests/simulation/draw.hpp"
#include "tests/simulation/model.hpp"
#include "tests/simulation/parameters.hpp"
#include "tests/simulation/sometimes.hpp"
#include "tests/simulation/watched_journal.hpp"
#include "tests/support/sim_disk.hpp"

namespace esteira::simulation {

// The broker's core on a disk that can lose power, with clocks of its own: processes start in it
// and die in it. It checks what every start and every turn has to keep, whatever is asked.
class World {
public:
    World(const Parameters& parameters, Counters& counters);

    Now now() const { return now_; }
    void pass(Millis broker, Millis wall) {
        now_.broker += broker;
        now_.wall += wall;
    }
    journal::SimDisk& disk() { return disk_; }
    Model& model() { return model_; }
    engine::Engine& engine() { return core_->engine(); }
    bool alive() const { return core_ != nullptr; }
    std::uint64_t digest() const { return core_->engine().digest(); }
    journal::Stats stats() const { return journal_->stats(); }

    // Starts a process, and another one when that one dies of what the parameters let happen.
    void start();
    // One turn. False when the process died in it: then start() is next.
    bool turn(const std::function<void()>& decide, const broker::Core::Release& release);
    // Space is prepared, marks are written. False when the process died of it.
    bool upkeep();
    // The process ends: its page cache stays, or the power is gone.
    void end(bool power);
    // A stop after which all of the log is proven, damage in it, and a start that must refuse it.
    void stop_with_damage();
    // Something goes wrong soon, as the parameters say.
    void arm_faults();
    // No fault is under way any more.
    void calm();
    // One bit of a message that may be read back changes.
    void flip_a_body();
    // Space is prepared again only some time after there is room.
    bool was_full() const { return was_full_; }
    void expect(bool condition, const std::string& what) const;

    // After every turn: totals, counts and what the model knows fit each other.
    void check_accounts();
    void count_totals();

private:
    struct Flip {
        std::string file;
        std::uint64_t bit = 0;
    };
    journal::LocalOptions options();
    void open();
    void check_recovered(std::uint64_t digest);
    void died(bool at_start);
    void undo_flips();
    std::uint32_t log_end(std::uint32_t chunk, bool proven) const;
    void watch_log();
    void tell_of_moves();

    const Parameters& parameters_;
    Counters& counters_;
    Draw draw_;
    Model model_;
    journal::SimDisk disk_;
    std::unique_ptr<journal::LocalJournal> journal_;
    std::unique_ptr<WatchedJournal> watched_;
    std::unique_ptr<broker::Core> core_;
    std::map<std::uint64_t, std::uint64_t> digests_;  // After each frame, by its batch number.
    std::uint64_t released_batch_ = 0;
    std::vector<Flip> flips_;
    Now now_;
    bool full_ = false;
    bool was_full_ = false;
    bool device_may_fail_ = false;
    std::uint32_t first_chunk_ = 1;
    std::uint32_t open_chunk_ = 1;
};

inline constexpr std::uint64_t kBrokerId = 0x5EED5EED5EED5EEDULL;

}  // namespace esteira::simulation

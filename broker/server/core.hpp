#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "broker/engine/engine.hpp"
#include "broker/journal/journal.hpp"
#include "broker/server/engine_tools.hpp"

// The turn, without sockets: what a broker does between taking what has arrived and answering. The
// server drives it with real requests, the simulation with made-up ones and a disk that fails.
namespace esteira::broker {

class Core {
public:
    using Release = std::function<void(std::vector<engine::Answered>&)>;

    Core(journal::Journal& journal, std::uint64_t broker_id);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    // Reads the log. Returns the times of its last frame, for the clock to go on from. Throws
    // journal::Damaged, journal::DeviceFailed, engine::BrokenLog.
    Now recover();
    // Serving begins.
    void start(Now now);

    // One turn: begin, any number of engine() calls that decide, finish. `release` gets the answers
    // once everything behind them is durable; they are views that end with it. Throws
    // journal::DeviceFailed: the process must end, and nothing of this turn may be answered.
    void begin_turn(Now now);
    void finish_turn(const Release& release);

    Now now() const { return now_; }
    engine::Engine& engine() { return engine_; }
    const engine::Engine& engine() const { return engine_; }

private:
    // The engine's log is the journal.
    class JournalLog final : public engine::Log {
    public:
        explicit JournalLog(journal::Journal& journal) : journal_(journal) {}
        void begin_group(std::size_t bytes) override { journal_.begin_group(bytes); }
        std::size_t group_bytes_max() const override { return journal_.frame_bytes_max(); }
        Room reserve(std::size_t bytes) override {
            const journal::Reservation reservation = journal_.reserve(bytes);
            return {reservation.at, reservation.bytes};
        }
        std::span<const std::byte> read(Position at, std::uint32_t size) override {
            return journal_.read(at, size);
        }
        bool may_grow() const override { return journal_.may_grow(); }

    private:
        journal::Journal& journal_;
    };

    void tidy_log();

    journal::Journal& journal_;
    JournalLog log_;
    EngineTools tools_;
    engine::Engine engine_;
    Now now_{};
    std::uint64_t appended_before_ = 0;
    std::uint64_t relocation_credit_ = 0;  // One byte per new byte.
};

}  // namespace esteira::broker

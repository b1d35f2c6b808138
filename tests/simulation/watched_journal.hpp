#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "broker/journal/journal.hpp"
#include "tests/simulation/sometimes.hpp"

namespace esteira::simulation {

// Stands between the broker and its journal and sees where frames end: between two events, when the
// first one is applied. So it can say which state each prefix of the log has to lead to.
class WatchedJournal final : public journal::Journal {
public:
    WatchedJournal(journal::Journal& inner, Counters& counters)
        : inner_(inner), counters_(counters) {}

    // `digest` tells the state at this moment.
    void watch(std::function<std::uint64_t()> digest, std::map<std::uint64_t, std::uint64_t>& at) {
        digest_ = std::move(digest);
        digests_ = &at;
        batch_ = inner_.stats().batch;
    }
    std::uint32_t frames_in_turn() const { return frames_in_turn_; }
    bool buried_in_turn() const { return buried_in_turn_; }

    Now replay(Visitor& v) override { return inner_.replay(v); }
    void set_state_source(std::function<std::vector<std::byte>()> source) override {
        inner_.set_state_source(std::move(source));
    }
    void begin_turn(Now now) override {
        frames_in_turn_ = 0;
        buried_in_turn_ = false;
        now_ = now;
        inner_.begin_turn(now);
    }
    void begin_group(std::size_t bytes) override {
        look_at_last();
        const Between between(*this);
        inner_.begin_group(bytes);
    }
    journal::Reservation reserve(std::size_t bytes) override {
        look_at_last();
        journal::Reservation room;
        {
            const Between between(*this);
            room = inner_.reserve(bytes);
        }
        last_ = room.bytes;
        return room;
    }
    std::size_t frame_bytes_max() const override { return inner_.frame_bytes_max(); }
    void append() override {
        look_at_last();
        const Between between(*this);
        inner_.append();
    }
    void sync() override { inner_.sync(); }
    std::span<const std::byte> read(Position at, std::uint32_t size) override {
        return inner_.read(at, size);
    }
    void read_ahead(Position at, std::uint32_t size) override { inner_.read_ahead(at, size); }
    void trim(std::uint32_t first) override { inner_.trim(first); }
    bool may_grow() const override { return inner_.may_grow(); }
    journal::Stats stats() const override { return inner_.stats(); }

    // Frames that the journal closed by itself (marks).
    void note_frames();

private:
    // Also when the device fails inside: what was closed may be on it.
    struct Between {
        WatchedJournal& journal;
        explicit Between(WatchedJournal& j) : journal(j) {}
        ~Between() { journal.note_frames(); }
    };
    void look_at_last();

    journal::Journal& inner_;
    Counters& counters_;
    std::function<std::uint64_t()> digest_;
    std::map<std::uint64_t, std::uint64_t>* digests_ = nullptr;
    std::uint64_t batch_ = 0;
    std::uint32_t frames_in_turn_ = 0;
    bool buried_in_turn_ = false;
    std::span<std::byte> last_;
    Now now_{};
};

}  // namespace esteira::simulation

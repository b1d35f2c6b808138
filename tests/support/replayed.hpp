#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "broker/journal/journal.hpp"
#include "common/base/bytes.hpp"

// Small hands for tests of journals: a visitor that keeps what it is given, and one-line writes.
namespace esteira::journal {

inline Now at_ms(std::int64_t ms) {
    return {Time(Millis(ms)), WallTime(Millis(1'700'000'000'000 + ms))};
}

// What a replay handed over.
struct Replayed final : Journal::Visitor {
    struct Frame {
        Position at;
        Now time;
        std::string payload;
    };
    struct State {
        std::uint32_t chunk = 0;
        std::uint32_t parts = 0;
        std::string bytes;
        std::size_t frames_before = 0;
    };
    std::vector<Frame> frames;
    std::vector<State> states;

    void state(std::uint32_t chunk, std::uint32_t index, std::uint32_t count,
               std::span<const std::byte> payload) override {
        if (index == 0) {
            states.push_back(
                {.chunk = chunk, .parts = 0, .bytes = {}, .frames_before = frames.size()});
        }
        ASSERT_FALSE(states.empty());
        State& state = states.back();
        EXPECT_EQ(state.chunk, chunk);
        EXPECT_EQ(state.parts, index);
        EXPECT_LT(index, count);
        ++state.parts;
        state.bytes += as_text(payload);
    }
    void frame(Position at, Now time, std::span<const std::byte> payload) override {
        frames.push_back({at, time, std::string(as_text(payload))});
    }

    std::vector<std::string> payloads() const {
        std::vector<std::string> all;
        for (const Frame& frame : frames) {
            all.push_back(frame.payload);
        }
        return all;
    }
    std::string text() const {
        std::string all;
        for (const Frame& frame : frames) {
            all += frame.payload;
        }
        return all;
    }
};

inline Position put(Journal& journal, std::string_view payload) {
    const Reservation room = journal.reserve(payload.size());
    if (!payload.empty()) {
        std::memcpy(room.bytes.data(), payload.data(), payload.size());
    }
    return room.at;
}

// One turn with one frame.
inline Position write(Journal& journal, std::int64_t ms, std::string_view payload) {
    journal.begin_turn(at_ms(ms));
    const Position at = put(journal, payload);
    journal.append();
    journal.sync();
    return at;
}

}  // namespace esteira::journal

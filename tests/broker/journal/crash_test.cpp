#include <map>
#include <string>

#include <gtest/gtest.h>

#include "tests/broker/journal/rig.hpp"

// Lives with crashes inside: whatever the seed does to the process and to the disk, what was
// promised is found again, in order, whole, and without a gap.
namespace esteira::journal {
namespace {

class Draw {
public:
    explicit Draw(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
    std::uint64_t operator()(std::uint64_t below) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_ % below;
    }

private:
    std::uint64_t state_;
};

// Record n of the log: its number, then bytes that follow from it.
std::string record(std::uint64_t number, std::uint64_t size) {
    std::string text = std::to_string(number) + ":" + std::to_string(size) + ":";
    for (std::uint64_t i = 0; i < size; ++i) {
        text += static_cast<char>('a' + (number + i) % 26);
    }
    return text;
}

class Life {
public:
    explicit Life(std::uint64_t seed) : seed_(seed), draw_(seed) {
        garble_ = draw_(2) == 0;
        rig_.options.tail_bytes = static_cast<std::uint32_t>(draw_(3) * (16 << 10));
    }

    void run() {
        for (int start = 0; start < 12 && !testing::Test::HasFailure(); ++start) {
            if (begin()) {
                live();
            }
            end();
        }
        rig_.start();
        check();
    }

private:
    // A start that may die itself. False when it did.
    bool begin() {
        if (draw_(3) == 0) {
            rig_.disk.crash_at_call(1 + draw_(40), draw_(2) == 0);
        }
        if (draw_(10) == 0) {
            rig_.disk.fail_next_sync(EIO);
        }
        try {
            const bool refuses = rig_.disk.sync_will_fail();
            rig_.start();
            EXPECT_EQ(rig_.disk.sync_will_fail(), refuses)
                << "seed " << seed_ << ": a failed sync was passed over";
        } catch (const SimCrash&) {
            return false;
        } catch (const DeviceFailed&) {
            return false;
        }
        check();
        return true;
    }

    void live() {
        if (draw_(2) == 0) {
            rig_.disk.crash_at_call(1 + draw_(200), draw_(2) == 0);
        }
        const std::uint64_t turns = draw_(80);
        try {
            for (std::uint64_t turn = 0; turn < turns; ++turn) {
                if (draw_(200) == 0) {
                    rig_.disk.fail_next_sync(draw_(2) == 0 ? EIO : ENOSPC);
                }
                one_turn();
            }
            if (draw_(3) == 0) {
                rig_.journal->mark();
                damage();
            }
        } catch (const SimCrash&) {
            return;
        } catch (const DeviceFailed&) {
            return;
        }
    }

    void one_turn() {
        LocalJournal& journal = *rig_.journal;
        journal.begin_turn(at_ms(static_cast<std::int64_t>(reserved_)));
        for (std::uint64_t i = draw_(4); i > 0; --i) {
            const std::string text = record(reserved_, draw_(6) == 0 ? draw_(7'000) : draw_(300));
            const Position at = put(journal, text);
            chunk_of_[reserved_++] = at.chunk;
        }
        if (draw_(8) == 0 && journal.stats().open_chunk > 3) {
            trim_asked_ = std::max(
                trim_asked_, journal.stats().open_chunk - static_cast<std::uint32_t>(draw_(3)));
            journal.trim(trim_asked_);
        }
        journal.append();
        journal.sync();
        promised_ = reserved_;
        if (draw_(6) == 0) {
            journal.mark();
        }
        if (draw_(3) == 0) {
            journal.prepare_step();
        }
    }

    // One bit of what a mark proves is flipped: a start must refuse, and name the file.
    void damage() {
        rig_.disk.crash_process();  // No other fault is under way.
        const Stats stats = rig_.journal->stats();
        const auto chunk = stats.first_chunk + static_cast<std::uint32_t>(
                                                   draw_(stats.open_chunk - stats.first_chunk + 1));
        const std::string name = segment_name(chunk);
        rig_.journal.reset();
        if (!rig_.disk.exists(segment_name(stats.open_chunk))) {
            return;  // Nothing was written since the last start, so there is no mark.
        }
        const auto frames = frames_of(rig_.disk.content(name));
        std::uint32_t proven = limits::kSectorBytes;  // Of a segment that nothing follows in.
        if (!frames.empty()) {
            proven = chunk < stats.open_chunk ? frames.back().upto : frames.back().from;
        }
        const std::uint64_t bit = draw_(proven * 8);
        rig_.disk.flip_bit(name, bit);
        try {
            rig_.start();
            ADD_FAILURE() << "seed " << seed_ << ": " << name << " bit " << bit
                          << " was passed over";
        } catch (const Damaged& damage) {
            EXPECT_NE(std::string(damage.what()).find(".seg"), std::string::npos);
        }
        rig_.disk.flip_bit(name, bit);
    }

    void end() {
        const std::uint64_t kind = draw_(3);
        rig_.kill();
        if (kind != 0) {
            rig_.disk.crash_power(draw_(1ULL << 60), garble_);
        }
    }

    // Every record once, in order, without a gap; all that is promised and not trimmed is there.
    void check() {
        const std::string text = rig_.found.text();
        std::size_t at = 0;
        std::uint64_t next = 0;
        bool first = true;
        while (at < text.size()) {
            std::size_t used = 0;
            const std::uint64_t number = std::stoull(text.substr(at, 24), &used);
            const std::uint64_t size = std::stoull(text.substr(at + used + 1, 24));
            const std::string expected = record(number, size);
            ASSERT_EQ(text.substr(at, expected.size()), expected) << "seed " << seed_;
            if (first) {
                ASSERT_TRUE(number == 0 || chunk_of_[number - 1] < trim_asked_)
                    << "seed " << seed_ << ": starts at " << number;
            } else {
                ASSERT_EQ(number, next) << "seed " << seed_;
            }
            first = false;
            next = number + 1;
            at += expected.size();
        }
        const bool all_trimmed = first && promised_ > 0 && chunk_of_[promised_ - 1] < trim_asked_;
        if (!all_trimmed) {
            ASSERT_GE(next, promised_) << "seed " << seed_;
        }
        ASSERT_LE(next, reserved_) << "seed " << seed_;
        // What was found is durable: it must not vanish later. What was not never comes back.
        if (!first) {
            promised_ = reserved_ = next;
        } else {
            reserved_ = promised_;
        }
    }

    std::uint64_t seed_;
    Draw draw_;
    Rig rig_;
    bool garble_ = false;
    std::uint64_t reserved_ = 0;
    std::uint64_t promised_ = 0;
    std::uint32_t trim_asked_ = 0;
    std::map<std::uint64_t, std::uint32_t> chunk_of_;
};

TEST(Crashes, NeverLoseOrChangeWhatWasPromised) {
    for (std::uint64_t seed = 1; seed <= 1'500 && !HasFailure(); ++seed) {
        try {
            Life(seed).run();
        } catch (const Damaged& damage) {
            FAIL() << "seed " << seed << ": " << damage.what();
        }
    }
}

}  // namespace
}  // namespace esteira::journal

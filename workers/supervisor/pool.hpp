#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "workers/runtime/backoff.hpp"
#include "workers/supervisor/hand.hpp"
#include "workers/supervisor/plan.hpp"
#include "workers/supervisor/rate.hpp"

namespace esteira::supervisor {

// What the broker says of a pool.
struct Orders {
    bool granted = true;                    // Else another supervisor has it:
    std::string by{};                       // this one.
    std::optional<std::uint32_t> wanted{};  // By an operator.
    std::uint64_t visible = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t handled = 0;
    std::vector<pid_t> online{};  // Its workers on this host that said hello.
    std::vector<pid_t> drain{};   // Those that an operator wants to go.
};

struct PoolSettings {
    std::string name;
    std::string queue;
    PoolPolicy policy{};
    Millis drain{20'000};  // What a worker needs at most to finish what it has begun.
};

// The workers of one pool, each in a slot of its own whose name it bears: "upsert-stock-3".
//
//            start                    asked: too many, to be drained
//   empty ----------> running --------------------------------------> stopping --ends--> empty
//     ^                  |                                                |
//     '---pause--- ends unasked                              killed when it takes too long
//
// A slot is started again only when its process has ended, so there are never two under one name.
// Before the broker was heard of, nothing is started: an operator may want none.
class Pool {
public:
    static constexpr Millis kRestartLeast{500};  // After a worker ended unasked, doubled each time
    static constexpr Millis kRestartMost{30'000};  // up to this, and at first again
    static constexpr Millis kQuiet{60'000};        // after it has run for this long.
    static constexpr Millis kWrongLeast{60'000};   // Likewise, when it says that a person must act.
    static constexpr Millis kWrongMost{900'000};
    static constexpr Millis kKillAfter{10'000};  // Beyond what a drain may take.
    static constexpr Millis kHasteMax{2'000};    // When it is to stop at once.

    explicit Pool(PoolSettings settings);

    void hear(const Orders& orders, Time now);
    // Starts, stops and kills what is due.
    void act(Time now, Hand& hand);
    // A process has ended with what waitpid() says. False: it is none of this pool.
    bool ended(pid_t pid, int status, Time now, Hand& hand);

    // All workers are to finish what they began, and none is started any more; once more: at once.
    void stop(Time now, Hand& hand);
    void stop_at_once(Time now, Hand& hand);

    bool empty() const;
    // When act() has something to do without an event; Time::max(): never.
    Time next_due() const;

    struct Told {
        std::uint32_t wanted = 0;
        std::uint32_t running = 0;
        std::uint32_t stopping = 0;
        std::uint32_t waiting = 0;  // Slots that are to be started again later.
        std::uint64_t restarts = 0;
        std::optional<std::uint32_t> fixed;  // The operator's size that it acts on.
        std::string_view state;
    };
    Told told() const;
    const PoolSettings& settings() const { return settings_; }

private:
    struct Slot {
        enum class State { empty, running, stopping };
        std::string name;
        State state = State::empty;
        pid_t pid = 0;
        bool online = false;
        bool drain = false;
        bool wrong = false;  // It ended because a person must act.
        bool held = false;
        Time started_at{};
        Time due{};      // Empty: not to be started before.
        Time kill_at{};  // Stopping.
        runtime::Backoff pauses{kRestartLeast, kRestartMost};
        runtime::Backoff wrong_pauses{kWrongLeast, kWrongMost};
    };

    void plan(const Orders& orders, Time now);
    void note_ended(Slot& slot, int status, Time now);
    void start(Slot& slot, Time now, Hand& hand);
    void ask_to_stop(Slot& slot, Time now, Hand& hand, std::string_view why);
    void roll(Time now, Hand& hand);
    std::uint32_t count(Slot::State state) const;
    std::size_t target() const;

    PoolSettings settings_;
    std::vector<Slot> slots_;
    Rate rate_;
    std::optional<std::uint32_t> planned_;  // Nothing: the broker was not heard of yet.
    std::optional<std::uint32_t> fixed_;
    Time needed_at_{};
    bool granted_ = true;
    bool over_ = false;
    std::uint64_t restarts_ = 0;
};

}  // namespace esteira::supervisor

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/simulation/client.hpp"

// Small worlds, all of them: every sequence of up to four commands, with a crash of the process or
// of the power at every call to the disk of every turn. What the seeds find by luck among large
// worlds is found here for certain among small ones.
namespace esteira::simulation {
namespace {

enum class Command : std::uint8_t {
    send,
    repeat_send,  // In a FIFO queue: by another request with the same deduplication id.
    receive,
    remove,
    remove_stale,
    expire,
    bury,  // Not in a FIFO queue.
    count_,
};

// Which queue the small worlds have.
struct Kind {
    Slot queue = 0;
    Slot dead = kFirstDeadLetters;
    std::size_t commands = static_cast<std::size_t>(Command::count_);
};
constexpr Kind kStandard{};
constexpr Kind kFifo{kFirstFifo, kFifoDeadLetters, static_cast<std::size_t>(Command::bury)};

struct Accident {
    std::size_t turn = 0;    // Of the commands, from 0;
    std::uint64_t call = 0;  // at which of its calls to the disk; 0: never.
    bool torn = false;
    bool power = false;
};

class SmallWorld {
public:
    SmallWorld(const Kind& kind, std::uint64_t seed, bool power) : kind_(kind) {
        parameters_.seed = seed;
        parameters_.power_share = power ? 1000 : 0;
        parameters_.upkeep = 0;
        clients_.open_session(Bytes16{std::byte{1}});
        world_.start();
        make_queues();
    }

    // Calls to the disk that each command made; commands that have nothing to do make none.
    std::vector<std::uint64_t> play(const std::vector<Command>& commands,
                                    const Accident& accident) {
        std::vector<std::uint64_t> calls;
        for (std::size_t i = 0; i < commands.size(); ++i) {
            if (accident.call != 0 && accident.turn == i) {
                world_.disk().crash_at_call(accident.call, accident.torn);
            }
            const std::uint64_t before = world_.disk().calls();
            asked_ = nullptr;
            if (!clients_.turn([&] { act(commands[i]); })) {
                world_.start();
                // Nobody was told: the client asks again, and goes on.
                clients_.turn([&] {
                    if (asked_ != nullptr) {
                        clients_.execute(asked_);
                    }
                });
            }
            calls.push_back(world_.disk().calls() - before);
        }
        world_.calm();
        return calls;
    }
    void finish() {
        world_.end(true);
        clients_.nobody_answers();
        world_.start();
        clients_.drain();
    }

private:
    void make_queues() {
        clients_.turn([this] {
            for (const Slot slot : {kind_.dead, kind_.queue}) {
                auto* asked = clients_.make(clients_.session(0), Asked::Kind::create, slot, 1);
                asked->rules.visibility_seconds = 30;
                asked->rules.fifo = is_fifo(slot);
                if (slot == kind_.queue) {
                    asked->rules.max_receives = 2;
                    asked->rules.dead_letters = kind_.dead;
                }
                clients_.execute(asked);
            }
        });
    }

    void act(Command command) {
        switch (command) {
            case Command::send:
                ++dedup_;
                return send();
            case Command::repeat_send:
                if (is_fifo(kind_.queue)) {
                    return send();
                }
                asked_ = last_send_;
                return clients_.execute(last_send_);
            case Command::receive:
                return clients_.execute(make(Asked::Kind::receive));
            case Command::expire:
                return world_.pass(std::chrono::seconds(31), std::chrono::seconds(31));
            case Command::remove:
                return settle(false, dialogue::Verdict::done);
            case Command::remove_stale:
                return settle(true, dialogue::Verdict::done);
            case Command::bury:
                return settle(false, dialogue::Verdict::dead);
            case Command::count_:
                return;
        }
    }

    void send() {
        Model::Message message;
        message.bytes = 40;
        if (is_fifo(kind_.queue)) {
            message.group = "g1";
            message.dedup = std::to_string(dedup_);
        }
        last_send_ = make(Asked::Kind::send);
        last_send_->ids.push_back(world_.model().ask_to_send(kind_.queue, message, world_.now()));
        clients_.execute(last_send_);
    }
    // The newest delivery, or the oldest, which is stale more often than not.
    void settle(bool oldest, dialogue::Verdict verdict) {
        const auto& holdings = clients_.holdings();
        if (holdings.empty()) {
            return;
        }
        const Holding& holding = oldest ? holdings.front() : holdings.back();
        auto* asked = make(Asked::Kind::settle);
        asked->judgements.push_back({holding.slot,
                                     holding.receipt,
                                     holding.delivered,
                                     0,
                                     holding.receipt.count,
                                     verdict,
                                     {},
                                     "dead",
                                     {}});
        clients_.execute(asked);
    }
    Asked* make(Asked::Kind kind) {
        asked_ = clients_.make(clients_.session(0), kind, kind_.queue, ++hash_);
        return asked_;
    }

    Kind kind_;
    std::uint32_t dedup_ = 0;
    Parameters parameters_;
    Counters counters_;
    World world_{parameters_, counters_};
    Clients clients_{world_, counters_, [](const std::string&) {}};
    Asked* asked_;  // In this turn, if anything was.
    Asked* last_send_;
    std::uint64_t hash_ = 10;
};

std::string told(const std::vector<Command>& commands, const Accident& accident) {
    std::string text = "commands";
    for (const Command command : commands) {
        text += " " + std::to_string(static_cast<int>(command));
    }
    return text + ", crash in turn " + std::to_string(accident.turn) + " at call " +
           std::to_string(accident.call) + (accident.torn ? ", torn" : "") +
           (accident.power ? ", power" : ", process");
}

class Exhaustive {
public:
    explicit Exhaustive(const Kind& kind) : kind_(kind) {}

    // Shorter sequences are the beginnings of longer ones, but their ends are different.
    void run_all() {
        for (std::size_t length = 1; length <= 4; ++length) {
            std::vector<std::size_t> digits(length, 0);
            for (bool more = true; more && !testing::Test::HasFailure();) {
                std::vector<Command> commands;
                for (const std::size_t digit : digits) {
                    commands.push_back(static_cast<Command>(digit));
                }
                if (commands.front() == Command::send) {  // Nothing happens before it.
                    run(commands);
                }
                more = false;
                for (std::size_t i = 0; i < length && !more; ++i) {
                    digits[i] = (digits[i] + 1) % kind_.commands;
                    more = digits[i] != 0;
                }
            }
        }
    }
    std::uint64_t lives() const { return lives_; }

private:
    void run(const std::vector<Command>& commands) {
        const auto calls = live(commands, {});
        for (Accident accident; accident.turn < calls.size(); ++accident.turn) {
            for (accident.call = 1; accident.call <= calls[accident.turn]; ++accident.call) {
                for (const bool power : {false, true}) {
                    for (const bool torn : {false, true}) {
                        accident.power = power;
                        accident.torn = torn;
                        live(commands, accident);
                    }
                }
            }
        }
    }
    std::vector<std::uint64_t> live(const std::vector<Command>& commands,
                                    const Accident& accident) {
        try {
            SmallWorld world(kind_, ++lives_, accident.power);
            auto calls = world.play(commands, accident);
            world.finish();
            return calls;
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what() << "\n  " << told(commands, accident);
        }
        return {};
    }

    Kind kind_;
    std::uint64_t lives_ = 0;
};

void keeps_every_promise(const Kind& kind) {
    Exhaustive all(kind);
    all.run_all();
    testing::Test::RecordProperty("lives", std::to_string(all.lives()));
    EXPECT_GT(all.lives(), 1'000U);
}

TEST(SmallWorlds, KeepEveryPromiseWhereverTheyCrash) { keeps_every_promise(kStandard); }

TEST(SmallWorlds, KeepOrderAndIdsWhereverTheyCrash) { keeps_every_promise(kFifo); }

}  // namespace
}  // namespace esteira::simulation

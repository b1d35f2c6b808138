#include "workers/supervisor/pool.hpp"

#include <csignal>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/workers/supervisor/fake_hand.hpp"

namespace esteira::supervisor {
namespace {

using namespace std::chrono_literals;

class PoolTest : public testing::Test {
protected:
    PoolTest() : pool_({"p", "q", {2, 4, 60s, 120s}, 20s}) {}

    // Time passes, the broker tells, and what is due is done.
    void pass(Millis time) {
        now_ += time;
        orders_.online.clear();
        for (const auto& [name, pid] : hand_.pid_of) {
            if (!silent_.contains(name)) {
                orders_.online.push_back(pid);
            }
        }
        pool_.hear(orders_, now_);
        pool_.act(now_, hand_);
    }
    void end(const std::string& name, int status) {
        const auto node = hand_.pid_of.extract(name);
        ASSERT_FALSE(node.empty()) << name;
        EXPECT_TRUE(pool_.ended(node.mapped(), status, now_, hand_));
        pool_.act(now_, hand_);
    }
    std::set<std::string> names() const {
        std::set<std::string> all;
        for (const auto& [name, pid] : hand_.pid_of) {
            all.insert(name);
        }
        return all;
    }
    // Those that were sent a SIGTERM and have not ended.
    std::set<std::string> asked() const {
        std::set<std::string> all;
        for (const auto& [name, pid] : hand_.pid_of) {
            if (hand_.signals.contains(pid)) {
                all.insert(name);
            }
        }
        return all;
    }

    FakeHand hand_;
    Pool pool_;
    Orders orders_;
    std::set<std::string> silent_;
    Time now_{Millis{1'000'000}};
};

using Names = std::set<std::string>;

TEST_F(PoolTest, StartsNothingBeforeTheBrokerHasSaidWhatIsWanted) {
    pool_.act(now_, hand_);
    EXPECT_EQ(names(), Names{});
    orders_.wanted = 0;
    pass(1s);
    EXPECT_EQ(names(), Names{});
    EXPECT_EQ(pool_.told().state, "steady");
}

TEST_F(PoolTest, HasItsLeastAndBecomesWhatAnOperatorWants) {
    pass(1s);
    EXPECT_EQ(names(), (Names{"p-1", "p-2"}));
    orders_.wanted = 5;
    pass(1s);
    EXPECT_EQ(names(), (Names{"p-1", "p-2", "p-3", "p-4", "p-5"}));
    orders_.wanted = 1;
    pass(1s);
    EXPECT_EQ(asked(), (Names{"p-2", "p-3", "p-4", "p-5"}));
    EXPECT_EQ(pool_.told().state, "changing");
    for (const char* name : {"p-2", "p-3", "p-4", "p-5"}) {
        end(name, 0);
    }
    EXPECT_EQ(names(), Names{"p-1"});
    EXPECT_EQ(pool_.told().restarts, 0u);
    EXPECT_EQ(pool_.told().state, "steady");
    EXPECT_TRUE(hand_.forgotten.contains("p-5"));
}

TEST_F(PoolTest, GrowsByItsBacklogAndShrinksWhenItHasBeenQuiet) {
    pass(1s);
    orders_.visible = 100'000;
    pass(1s);
    orders_.handled += 200;
    pass(1s);  // A hundred a second each: ten minutes and more with two of them.
    EXPECT_EQ(names().size(), 4u);
    orders_.visible = 0;
    pass(119s);
    EXPECT_EQ(asked(), Names{});
    pass(1s);
    EXPECT_EQ(asked(), (Names{"p-3", "p-4"}));
}

TEST_F(PoolTest, ASlotThatIsStoppingIsNotStartedBesideItself) {
    pass(1s);
    orders_.wanted = 1;
    pass(1s);
    orders_.wanted = 2;
    pass(1s);
    EXPECT_EQ(asked(), Names{"p-2"});
    end("p-2", 0);
    EXPECT_EQ(names(), (Names{"p-1", "p-2"}));
    EXPECT_EQ(asked(), Names{});
}

TEST_F(PoolTest, RestartsWithPausesThatGrowAndBeginAnewAfterAQuietWhile) {
    pass(1s);
    Millis least = Pool::kRestartLeast;
    for (int i = 0; i < 4; ++i, least *= 2) {
        end("p-1", SIGKILL);
        EXPECT_EQ(names(), Names{"p-2"});
        EXPECT_EQ(pool_.told().state, "failing");
        pass(least - 1ms);
        EXPECT_EQ(names(), Names{"p-2"}) << "a pause is never shorter";
        pass(least / 2 + 1ms);
        EXPECT_EQ(names(), (Names{"p-1", "p-2"})) << "nor half as long again";
    }
    EXPECT_EQ(pool_.told().restarts, 4u);
    pass(Pool::kQuiet);
    end("p-1", exited(1));
    pass(Pool::kRestartLeast * 3 / 2);
    EXPECT_EQ(names(), (Names{"p-1", "p-2"}));
    EXPECT_EQ(pool_.told().state, "steady");
}

TEST_F(PoolTest, KnowsWhenItHasSomethingToDo) {
    pass(1s);
    EXPECT_EQ(pool_.next_due(), Time::max());
    end("p-1", SIGSEGV);
    EXPECT_GE(pool_.next_due(), now_ + Pool::kRestartLeast);
    EXPECT_LE(pool_.next_due(), now_ + Pool::kRestartLeast * 3 / 2);
}

TEST_F(PoolTest, LeavesAWorkerAloneThatSaysThatAPersonMustAct) {
    pass(1s);
    end("p-1", exited(78));
    EXPECT_EQ(pool_.told().state, "misconfigured");
    pass(Pool::kWrongLeast - 1ms);
    EXPECT_EQ(names(), Names{"p-2"});
    EXPECT_EQ(pool_.told().state, "misconfigured");
    pass(Pool::kWrongLeast);
    EXPECT_EQ(names(), (Names{"p-1", "p-2"}));
}

TEST_F(PoolTest, TriesAgainAtOnceWhenAnOperatorHasSetTheSize) {
    pass(1s);
    end("p-1", exited(78));
    orders_.wanted = 2;
    pass(1ms);
    EXPECT_EQ(names(), (Names{"p-1", "p-2"}));
}

TEST_F(PoolTest, AProgramThatIsNotThereIsAMatterForAPerson) {
    hand_.broken = true;
    pass(1s);
    EXPECT_EQ(pool_.told().state, "misconfigured");
    hand_.broken = false;
    pass(1s);
    EXPECT_EQ(names(), Names{});
}

TEST_F(PoolTest, WaitsForTheWorkersOfAnEarlierSupervisor) {
    hand_.held = {"p-2"};
    pass(1s);
    EXPECT_EQ(names(), Names{"p-1"});
    EXPECT_EQ(pool_.told().state, "changing");
    hand_.held.clear();
    pass(1s);
    EXPECT_EQ(names(), (Names{"p-1", "p-2"}));
}

TEST_F(PoolTest, DrainsOneAfterTheOtherAndOnlyWhileAllOthersAreKnown) {
    orders_.wanted = 3;
    pass(1s);
    for (const auto& [name, pid] : hand_.pid_of) {
        orders_.drain.push_back(pid);
    }
    pass(1s);
    EXPECT_EQ(asked(), Names{"p-1"});
    silent_ = {"p-1"};
    end("p-1", 0);
    EXPECT_EQ(names().size(), 3u) << "replaced at once";
    pass(1s);
    EXPECT_EQ(asked(), Names{}) << "the new one has not said hello";
    EXPECT_EQ(pool_.told().state, "changing");
    silent_.clear();
    pass(1s);
    EXPECT_EQ(asked(), Names{"p-2"});
    end("p-2", 0);
    pass(1s);
    EXPECT_EQ(asked(), Names{"p-3"});
    end("p-3", 0);
    pass(1s);
    EXPECT_EQ(asked(), Names{}) << "the replacements are not the drained ones";
    EXPECT_EQ(pool_.told().state, "steady");
    EXPECT_EQ(pool_.told().restarts, 0u);
}

TEST_F(PoolTest, KillsWhatDoesNotStopInTime) {
    pass(1s);
    orders_.wanted = 1;
    pass(1s);
    const pid_t pid = hand_.pid_of.at("p-2");
    pass(20s + Pool::kKillAfter - 1ms);
    EXPECT_EQ(hand_.signals.count(pid), 1u);
    pass(1ms);
    pass(1s);
    EXPECT_EQ(hand_.signals.count(pid), 2u) << "once";
    EXPECT_EQ(std::prev(hand_.signals.upper_bound(pid))->second, SIGKILL);
}

TEST_F(PoolTest, StopsAllAndStartsNoneAnyMore) {
    pass(1s);
    pool_.stop(now_, hand_);
    EXPECT_EQ(asked(), (Names{"p-1", "p-2"}));
    EXPECT_FALSE(pool_.empty());
    end("p-1", 0);
    end("p-2", exited(1));
    pass(1s);
    EXPECT_EQ(names(), Names{});
    EXPECT_TRUE(pool_.empty());
}

TEST_F(PoolTest, HurriesAndThenKillsWhenItIsToldTwice) {
    pass(1s);
    const pid_t pid = hand_.pid_of.at("p-1");
    pool_.stop(now_, hand_);
    pool_.stop_at_once(now_, hand_);
    EXPECT_EQ(hand_.signals.count(pid), 2u);
    EXPECT_EQ(pool_.next_due(), now_ + Pool::kHasteMax);
    pass(Pool::kHasteMax);
    EXPECT_EQ(hand_.signals.count(pid), 3u);
    EXPECT_EQ(std::prev(hand_.signals.upper_bound(pid))->second, SIGKILL);
}

TEST_F(PoolTest, HasNoWorkersWhileAnotherSupervisorHasThePool) {
    orders_.granted = false;
    pass(1s);
    EXPECT_EQ(names(), Names{});
    EXPECT_EQ(pool_.told().state, "refused");
    orders_.granted = true;
    pass(1s);
    EXPECT_EQ(names().size(), 2u);
    orders_.granted = false;
    pass(1s);
    EXPECT_EQ(asked().size(), 2u);
}

}  // namespace
}  // namespace esteira::supervisor

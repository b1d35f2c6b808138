#include "workers/supervisor/maintenance.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"
#include "tests/workers/supervisor/fake_hand.hpp"

namespace esteira::supervisor {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class MaintenanceTest : public testing::Test {
protected:
    Maintenance fresh() const { return {done_, 24h, now_}; }
    void done_before(std::chrono::hours age) const {
        std::ofstream(done_) << "\n";
        fs::last_write_time(done_, fs::file_time_type::clock::now() - age);
    }
    void end(Maintenance& maintenance, int status) {
        ASSERT_TRUE(maintenance.ended(hand_.last_pid, status, now_, hand_));
        hand_.pid_of.clear();
    }
    std::size_t running() const { return hand_.pid_of.size(); }

    test::TempFolder folder_;
    fs::path done_ = fs::path(folder_.path()) / "maintained";
    Time now_{1'000h};
    FakeHand hand_;
};

TEST_F(MaintenanceTest, IsDueAtOnceWhenItWasNeverDoneAndThenADayLater) {
    Maintenance maintenance = fresh();
    maintenance.act(now_, hand_);
    EXPECT_EQ(running(), 1u);
    EXPECT_TRUE(maintenance.running());
    now_ += 1h;
    end(maintenance, exited(0));
    EXPECT_TRUE(fs::exists(done_));
    EXPECT_EQ(hand_.forgotten, std::set<std::string>{Maintenance::kName});
    EXPECT_EQ(maintenance.next_due(), now_ + 24h);
    maintenance.act(now_ + 24h - 1ms, hand_);
    EXPECT_EQ(running(), 0u);
    maintenance.act(now_ + 24h, hand_);
    EXPECT_EQ(running(), 1u);
}

TEST_F(MaintenanceTest, ARestartNeitherRepeatsNorForgetsIt) {
    done_before(23h);
    const Millis left = fresh().next_due() - now_;
    EXPECT_GT(left, 59min);
    EXPECT_LE(left, 60min);
    done_before(25h);
    EXPECT_EQ(fresh().next_due(), now_);
    done_before(-5h);  // The clock was set back meanwhile.
    EXPECT_EQ(fresh().next_due(), now_ + 24h);
}

TEST_F(MaintenanceTest, OneThatFailedOrCouldNotStartIsTriedAgainSoon) {
    Maintenance maintenance = fresh();
    hand_.broken = true;
    maintenance.act(now_, hand_);
    EXPECT_EQ(maintenance.next_due(), now_ + Maintenance::kAgain);
    now_ += Maintenance::kAgain;
    hand_.broken = false;
    maintenance.act(now_, hand_);
    end(maintenance, exited(1));
    EXPECT_FALSE(fs::exists(done_));
    EXPECT_EQ(maintenance.next_due(), now_ + Maintenance::kAgain);
}

TEST_F(MaintenanceTest, TheEndOfAnotherProcessIsNotItsOwn) {
    Maintenance maintenance = fresh();
    EXPECT_FALSE(maintenance.ended(0, exited(0), now_, hand_));
    maintenance.act(now_, hand_);
    EXPECT_FALSE(maintenance.ended(hand_.last_pid + 1, exited(0), now_, hand_));
    EXPECT_TRUE(maintenance.running());
}

TEST_F(MaintenanceTest, IsAskedToStopAndNotStartedAgain) {
    Maintenance maintenance = fresh();
    maintenance.act(now_, hand_);
    maintenance.stop(hand_);
    EXPECT_EQ(hand_.signals.count(hand_.last_pid), 1u);
    end(maintenance, SIGTERM);
    EXPECT_EQ(maintenance.next_due(), Time::max());
    maintenance.act(now_ + 48h, hand_);
    EXPECT_EQ(running(), 0u);
}

}  // namespace
}  // namespace esteira::supervisor

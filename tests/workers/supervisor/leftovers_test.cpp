// What becomes of the workers when their supervisor is asked to stop, or dies.
#include <signal.h>

#include "common/base/bytes.hpp"
#include "tests/workers/supervisor/farm.hpp"

namespace esteira::supervisor {
namespace {

using namespace std::chrono_literals;

class LeftoversTest : public FarmTest {
protected:
    // How often each message that is left was received before.
    std::set<std::uint32_t> receives_of_the_rest() {
        client::QueueClient client(broker_.client_options());
        std::set<std::uint32_t> receives;
        for (std::uint64_t left = broker_.messages("stock"); left > 0;) {
            const auto batch = client.receive({"stock", 1000, 20s, 600s});
            if (!batch || batch.value().messages.empty()) {
                ADD_FAILURE() << left << " messages are hidden";
                break;
            }
            for (const auto& message : batch.value().messages) {
                receives.insert(message.receives - 1);
            }
            left -= batch.value().messages.size();
        }
        return receives;
    }
};

TEST_F(LeftoversTest, AskedToStopItDrainsAndNothingIsCounted) {
    const auto supervisor = start({"pool_min=3", "batch_max=3"});
    ASSERT_TRUE(steady(3));
    send(3'000);
    ASSERT_TRUE(await([&] { return rows() >= 30; }));
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0) << supervisor->said();
    EXPECT_EQ(workers(), Pids{});
    EXPECT_EQ(rows() + broker_.messages("stock"), 3'000u);
    EXPECT_EQ(broker_.messages("dlq-stock"), 0u);
    EXPECT_EQ(receives_of_the_rest(), std::set<std::uint32_t>{0});
}

TEST_F(LeftoversTest, AskedTwiceItStopsAtOnce) {
    const auto supervisor = start({"pool_min=2", "drain_s=3600", "batch_max=3"});
    ASSERT_TRUE(steady(2));
    send(3'000);
    // Only who has reached the database asks for messages.
    const auto all_busy = [&] { return pool().at("busy") == 2; };
    ASSERT_TRUE(await(all_busy));
    postgres_->freeze(true);
    const bool at_work = await(all_busy);
    supervisor->signal(SIGTERM);
    const bool asked = await([&] { return times_said("worker_asked_to_stop") == 2; });
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 130) << supervisor->said();
    postgres_->freeze(false);
    EXPECT_TRUE(at_work && asked);
    EXPECT_EQ(workers(), Pids{});
}

TEST_F(LeftoversTest, AKilledSupervisorLeavesNoOrphans) {
    const auto supervisor = start({"pool_min=3"});
    ASSERT_TRUE(steady(3));
    supervisor->signal(SIGKILL);
    supervisor->wait();
    EXPECT_TRUE(await([&] { return workers().empty(); }));
}

TEST_F(LeftoversTest, TheNextSupervisorHasExactlyItsPoolAndNeverTwoOfAName) {
    auto supervisor = start({"pool_min=3", "batch_max=3"});
    ASSERT_TRUE(steady(3));
    send(3'000);
    Pids before = workers();
    for (int life = 0; life < 3; ++life) {
        supervisor->signal(SIGKILL);
        supervisor->wait();
        supervisor = start({"pool_min=3", "batch_max=3"});
        EXPECT_TRUE(await([&] {
            const Pids now = workers();
            EXPECT_LE(workers_at_once().size(), 3u);
            return now.size() == 3 && std::none_of(before.begin(), before.end(),
                                                   [&](pid_t pid) { return now.contains(pid); });
        })) << supervisor->said();
        ASSERT_TRUE(steady(3)) << supervisor->said() << pool();
        before = workers();
    }
    ASSERT_TRUE(await([&] { return broker_.messages("stock") == 0; }));
    EXPECT_EQ(rows(), 3'000u);
    EXPECT_EQ(broker_.messages("dlq-stock"), 0u);
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(LeftoversTest, AWorkerThatCannotStopHoldsItsNameAndIsKilledInTheEnd) {
    auto supervisor = start({"pool_min=2", "drain_s=0"});
    ASSERT_TRUE(steady(2));
    const pid_t frozen = pid_of("upsert-stock-1");
    ::kill(frozen, SIGSTOP);
    supervisor->signal(SIGKILL);
    supervisor->wait();
    supervisor = start({"pool_min=2", "drain_s=0"});
    ASSERT_TRUE(await([&] { return says("leftover_found"); }));
    EXPECT_TRUE(await([&] {
        const Pids now = workers();
        EXPECT_LE(workers_at_once().size(), 2u) << "the frozen one is one of the pool";
        return !now.contains(frozen);
    }));
    EXPECT_TRUE(says("leftover_killed"));
    ASSERT_TRUE(steady(2)) << supervisor->said() << pool();
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(LeftoversTest, AFolderHasOneSupervisor) {
    const auto first = start({"pool_min=1"});
    ASSERT_TRUE(steady(1));
    const auto second = start({"pool_min=1"});
    EXPECT_EQ(second->wait(), 4);
    EXPECT_NE(second->said().find("process " + std::to_string(first->pid())), std::string::npos)
        << second->said();
    ASSERT_TRUE(steady(1));
    first->signal(SIGTERM);
    EXPECT_EQ(first->wait(), 0);
}

TEST_F(LeftoversTest, TwoFoldersDoNotMakeTwoPoolsOfOne) {
    const test::TempFolder other;
    const auto first = start({"pool_min=1"});
    ASSERT_TRUE(steady(1));
    const auto second = start_in(other.path(), {"pool_min=1"});
    ASSERT_TRUE(await(
        [&] { return second->said().find("\"event\":\"pool_refused\"") != std::string::npos; }));
    EXPECT_EQ(workers(other.path()), Pids{});
    first->signal(SIGTERM);
    EXPECT_EQ(first->wait(), 0);
    EXPECT_TRUE(await([&] { return workers(other.path()).size() == 1; })) << "now it may";
    second->signal(SIGTERM);
    EXPECT_EQ(second->wait(), 0);
    EXPECT_EQ(workers(other.path()), Pids{});
}

}  // namespace
}  // namespace esteira::supervisor

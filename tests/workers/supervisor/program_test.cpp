// esteira-supervisor as it is run: its pool follows backlog and operators, and outlives faults.
#include <signal.h>

#include "tests/workers/supervisor/farm.hpp"

namespace esteira::supervisor {
namespace {

using namespace std::chrono_literals;

class ProgramTest : public FarmTest {};

TEST_F(ProgramTest, RunsTheLeastWithNamesOfTheirOwn) {
    const auto supervisor = start({"pool_min=2"});
    ASSERT_TRUE(steady(2)) << supervisor->said() << pool();
    const auto shown = ctl({"worker", "ls", "--json"}).json();
    std::set<std::string> names;
    for (const auto& worker : shown.at("workers")) {
        names.insert(worker.at("name"));
        EXPECT_EQ(worker.at("pid"), pid_of(worker.at("name")));
    }
    EXPECT_EQ(names, (std::set<std::string>{"upsert-stock-1", "upsert-stock-2"}));
    EXPECT_EQ(pool().at("wanted"), 2);
    EXPECT_EQ(pool().at("supervisor").at("pid"), supervisor->pid());
    send(10);
    EXPECT_TRUE(await([&] { return rows() == 10; }));
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
    EXPECT_EQ(workers(), Pids{});
    EXPECT_EQ(pool().value("state", "gone"), "gone") << "it has said goodbye: " << pool();
}

TEST_F(ProgramTest, MaintainsTheDatabaseOnceADayWhoeverRestartsIt) {
    auto supervisor = start({"pool_min=1"});
    ASSERT_TRUE(await([&] { return says("maintenance_done"); })) << supervisor->said();
    ASSERT_TRUE(steady(1));
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
    supervisor = start({"pool_min=1"});
    ASSERT_TRUE(steady(1));
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
    EXPECT_EQ(times_said("maintenance_started"), 1u);
}

TEST_F(ProgramTest, AnOperatorsSizeHoldsUntilItIsAutoAgain) {
    auto supervisor = start({"pool_min=2"});
    ASSERT_TRUE(steady(2));
    EXPECT_EQ(ctl({"worker", "scale", "upsert-stock", "4"}).code, 0);
    EXPECT_EQ(ctl({"worker", "pools", "--wait", "60"}).code, 0);
    EXPECT_EQ(workers().size(), 4u);
    EXPECT_EQ(ctl({"worker", "scale", "upsert-stock", "1"}).code, 0);
    ASSERT_TRUE(steady(1));

    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
    broker_.kill();
    broker_.start();
    supervisor = start({"pool_min=2"});
    ASSERT_TRUE(steady(1)) << supervisor->said();
    EXPECT_EQ(ctl({"worker", "scale", "upsert-stock", "auto"}).code, 0);
    EXPECT_EQ(ctl({"worker", "pools", "--wait", "60"}).code, 0);
    EXPECT_EQ(workers().size(), 2u) << "steady is said when the new size is reached";
    EXPECT_EQ(ctl({"worker", "scale", "upsert-stock", "0"}).code, 0);
    ASSERT_TRUE(steady(0));
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(ProgramTest, ABacklogMakesThePoolGrowAndItsEndMakesItShrink) {
    const auto supervisor =
        start({"pool_min=1", "pool_max=3", "pool_target_s=1", "pool_shrink_s=1", "batch_max=1"});
    ASSERT_TRUE(steady(1));
    // One by one, each with syncs of its own: more than a worker does in a second.
    send(20'000);
    ASSERT_TRUE(await([&] { return workers().size() == 3; })) << supervisor->said();
    support::OpsClient(broker_.ops_socket())
        .ask("queue.purge", {{"queue", "stock"}, {"confirm", "stock"}});
    ASSERT_TRUE(steady(1)) << supervisor->said();
    EXPECT_EQ(pool().at("restarts"), 0);
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(ProgramTest, AKilledWorkerIsReplacedAndCounted) {
    const auto supervisor = start({"pool_min=2"});
    ASSERT_TRUE(steady(2));
    const Pids before = workers();
    const pid_t killed = pid_of("upsert-stock-2");
    ::kill(killed, SIGKILL);
    ASSERT_TRUE(await([&] { return pool().value("restarts", 0) == 1; })) << supervisor->said();
    // The broker takes a killed one for alive until it was silent for a while.
    ASSERT_TRUE(steady(2)) << supervisor->said() << pool();
    EXPECT_FALSE(workers().contains(killed));
    EXPECT_TRUE(workers().contains(pid_of("upsert-stock-1")));
    EXPECT_EQ(pid_of("upsert-stock-1"),
              *before.begin() == killed ? *before.rbegin() : *before.begin());
    EXPECT_EQ(times_said("worker_ended"), 1u);
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(ProgramTest, WorkersThatAPersonMustHelpAreReportedAndNotRestartedInALoop) {
    // A database without our schema.
    const auto supervisor = start_in(var(), {"pool_min=2", "postgres_user=postgres"},
                                     postgres_->url("postgres", "template1"));
    ASSERT_TRUE(await([&] { return times_said("worker_misconfigured") == 2; }))
        << supervisor->said();
    const auto waited = ctl({"worker", "pools", "--wait", "60"});
    EXPECT_EQ(waited.code, 78) << waited.err;
    EXPECT_NE(waited.out.find("misconfigured"), std::string::npos) << waited.out;
    EXPECT_EQ(times_said("worker_started"), 2u);
    EXPECT_EQ(workers(), Pids{});
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(ProgramTest, DrainingAPoolReplacesItsWorkersOneAfterTheOther) {
    const auto supervisor = start({"pool_min=2"});
    ASSERT_TRUE(steady(2));
    const Pids before = workers();
    send(500);
    const auto drained = ctl({"worker", "drain", "upsert-stock", "--json"});
    EXPECT_EQ(drained.code, 0) << drained.err;
    EXPECT_EQ(drained.json().at("draining").size(), 2u);
    EXPECT_TRUE(await([&] {
        const Pids now = workers();
        EXPECT_GE(now.size(), 1u) << "one of them works all the time";
        EXPECT_LE(workers_at_once().size(), 2u);
        return !now.contains(*before.begin()) && !now.contains(*before.rbegin());
    }));
    ASSERT_TRUE(steady(2));
    EXPECT_EQ(pool().at("restarts"), 0);
    EXPECT_TRUE(await([&] { return rows() == 500; }));
    EXPECT_EQ(broker_.messages("dlq-stock"), 0u);

    const pid_t first = pid_of("upsert-stock-1");
    const pid_t second = pid_of("upsert-stock-2");
    EXPECT_EQ(ctl({"worker", "drain", "upsert-stock-2"}).code, 0);
    EXPECT_EQ(ctl({"worker", "pools", "--wait", "60"}).code, 0);
    EXPECT_EQ(pid_of("upsert-stock-1"), first);
    EXPECT_NE(pid_of("upsert-stock-2"), second);
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(ProgramTest, ThePoolStaysWhileTheBrokerIsAway) {
    const auto supervisor = start({"pool_min=2"});
    ASSERT_TRUE(steady(2));
    const Pids before = workers();
    broker_.kill();
    ASSERT_TRUE(await([&] { return says("broker_away"); }));
    EXPECT_EQ(workers(), before);
    ::kill(pid_of("upsert-stock-1"), SIGKILL);
    ASSERT_TRUE(await([&] { return times_said("worker_started") == 3; }))
        << "restarts need no broker";
    broker_.start();
    ASSERT_TRUE(steady(2)) << supervisor->said() << pool();
    EXPECT_TRUE(workers().contains(pid_of("upsert-stock-2")));
    EXPECT_EQ(times_said("broker_there"), 2u);
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
}

TEST_F(ProgramTest, StopsAndReapsWhileTheBrokerIsFrozen) {
    const auto supervisor = start({"pool_min=1", "drain_s=1"});
    ASSERT_TRUE(steady(1));
    broker_.freeze(true);
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0) << supervisor->said();
    broker_.freeze(false);
    EXPECT_EQ(workers(), Pids{});
}

TEST_F(ProgramTest, EachVerbOfThePoolsSaysWhatWentWrong) {
    const auto supervisor = start({"pool_min=0"});
    ASSERT_TRUE(steady(0));
    EXPECT_EQ(ctl({"worker", "scale", "no-such", "3"}).code, 3);
    EXPECT_EQ(ctl({"worker", "scale", "upsert-stock", "many"}).code, 2);
    EXPECT_EQ(ctl({"worker", "scale", "upsert-stock"}).code, 2);
    EXPECT_EQ(ctl({"worker", "drain", "nobody"}).code, 3);
    EXPECT_EQ(ctl({"worker", "report"}).code, 2) << "it is no word for people";
    EXPECT_NE(ctl({"worker", "scale", "--help"}).out.find("Examples:"), std::string::npos);
    EXPECT_NE(ctl({"worker", "pools"}).out.find("auto 0..10"), std::string::npos);
    supervisor->signal(SIGTERM);
    EXPECT_EQ(supervisor->wait(), 0);
    EXPECT_EQ(ctl({"worker", "pools", "--wait", "0.2"}).code, 6);
}

}  // namespace
}  // namespace esteira::supervisor

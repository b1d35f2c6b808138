#include "tests/broker/ops/room.hpp"

namespace esteira::broker {
namespace {

// Workers say hello by sessions of their own; Room has one. So a test's pool has one worker.
constexpr std::uint32_t kWorker = 4711;

class OpsWorkersTest : public testing::Test {
protected:
    void hello(bool leaving = false) {
        room_.request(dialogue::Hello{"p-1", "p", "shop", kWorker, leaving});
    }
    static Json pool_row(const std::string& name = "p") {
        return {{"pool", name},  {"queue", "stock"}, {"state", "steady"}, {"acts_on", "auto"},
                {"min", 1},      {"max", 4},         {"wanted", 1},       {"running", 1},
                {"stopping", 0}, {"waiting", 0},     {"restarts", 3}};
    }
    static Json report(const std::string& supervisor = "shop:/var", bool leaving = false) {
        return {{"supervisor", supervisor},
                {"host", "shop"},
                {"pid", 99},
                {"pools", Json::array({pool_row()})},
                {"leaving", leaving}};
    }
    Json orders(const std::string& supervisor = "shop:/var") {
        return room_.good("worker.report", report(supervisor)).at("pools").at(0);
    }
    Json pool() { return room_.good("worker.pools").at("pools").at(0); }

    Room room_;
};

TEST_F(OpsWorkersTest, AWantedSizeIsToldToTheSupervisorAndSurvivesARestart) {
    EXPECT_EQ(orders().at("wanted"), nullptr);
    EXPECT_EQ(room_.good("worker.scale", {{"pool", "p"}, {"size", "7"}}).at("wanted"), 7);
    EXPECT_EQ(orders().at("wanted"), 7);
    room_.start();
    EXPECT_EQ(orders().at("wanted"), 7);
    EXPECT_EQ(room_.good("worker.scale", {{"pool", "p"}, {"size", "auto"}}).at("mode"), "auto");
    EXPECT_EQ(orders().at("wanted"), nullptr);
    room_.start();
    EXPECT_EQ(orders().at("wanted"), nullptr);
}

TEST_F(OpsWorkersTest, OnlyASizeIsASizeAndOnlyAPoolIsAPool) {
    EXPECT_EQ(room_.code("worker.scale", {{"pool", "p"}, {"size", "7"}}), "no_such_pool");
    hello();
    for (const char* size : {"", "x", "-1", "1.5", "7x", "1001", "99999999999", " 7", "AUTO"}) {
        EXPECT_EQ(room_.code("worker.scale", {{"pool", "p"}, {"size", size}}), "bad_request")
            << size;
    }
    room_.good("worker.scale", {{"pool", "p"}, {"size", "1000"}});
    room_.good("worker.scale", {{"pool", "p"}, {"size", "0"}});
}

TEST_F(OpsWorkersTest, APoolIsShownAsItsSupervisorTellsIt) {
    hello();
    EXPECT_EQ(pool().at("state"), "unsupervised");
    EXPECT_EQ(pool().at("online"), 1);
    orders();
    EXPECT_EQ(pool().at("state"), "steady");
    EXPECT_EQ(pool().at("restarts"), 3);
    EXPECT_EQ(pool().at("supervisor").at("pid"), 99);
    EXPECT_EQ(pool().at("mode"), "auto");
    room_.good("worker.scale", {{"pool", "p"}, {"size", "2"}});
    EXPECT_EQ(pool().at("state"), "changing") << "the supervisor has not heard of it";
    EXPECT_EQ(pool().at("wanted"), 2);
    room_.good("worker.scale", {{"pool", "p"}, {"size", "auto"}});
    EXPECT_EQ(pool().at("state"), "steady") << "it has never heard of another size";
    room_.wait(limits::kWorkerSilentMax + Millis{1});
    EXPECT_EQ(pool().at("state"), "unsupervised");
}

TEST_F(OpsWorkersTest, AWorkerThatHoldsMessagesIsBusy) {
    room_.good("queue.create", {{"queue", "stock"}});
    hello();
    EXPECT_EQ(pool().at("busy"), 0);
    room_.send("stock", {"a", "b", "c"});
    room_.receive("stock", 2);
    EXPECT_EQ(pool().at("busy"), 1);
    EXPECT_EQ(room_.good("worker.ls").at("workers").at(0).at("busy"), true);
}

TEST_F(OpsWorkersTest, TheSupervisorIsToldWhatThereIsToDo) {
    room_.good("queue.create", {{"queue", "stock"}});
    hello();
    room_.send("stock", {"a", "b", "c"});
    room_.bury("stock", 1, "bad");
    room_.receive("stock", 1);
    const Json told = orders();
    EXPECT_EQ(told.at("granted"), true);
    EXPECT_EQ(told.at("visible"), 1);
    EXPECT_EQ(told.at("in_flight"), 1);
    EXPECT_EQ(told.at("handled"), 1);
    EXPECT_EQ(told.at("online"), Json::array({kWorker}));
    EXPECT_EQ(told.at("drain"), Json::array());
}

TEST_F(OpsWorkersTest, AWorkerIsToBeDrainedUntilItHasLeft) {
    hello();
    EXPECT_EQ(room_.code("worker.drain", {{"target", "nobody"}}), "no_such_worker");
    EXPECT_EQ(room_.code("worker.drain", {{"target", "p"}}), "conflict") << "nobody would do it";
    for (const char* target : {"p", "p-1"}) {
        hello();
        orders();
        const Json drained = room_.good("worker.drain", {{"target", target}});
        EXPECT_EQ(drained.at("draining"), Json::array({"p-1"}));
        EXPECT_EQ(pool().at("state"), "changing");
        EXPECT_EQ(orders().at("drain"), Json::array({kWorker}));
        EXPECT_EQ(room_.good("worker.ls").at("workers").at(0).at("draining"), true);
        hello(true);
        EXPECT_EQ(orders().at("drain"), Json::array());
        hello();
        EXPECT_EQ(orders().at("drain"), Json::array()) << target << ": it is another one now";
    }
}

TEST_F(OpsWorkersTest, APoolHasOneSupervisorAtATime) {
    EXPECT_EQ(orders("a").at("granted"), true);
    const Json refused = orders("b");
    EXPECT_EQ(refused.at("granted"), false);
    EXPECT_EQ(refused.at("by"), "a");
    EXPECT_EQ(orders("a").at("granted"), true);
    room_.wait(limits::kWorkerSilentMax + Millis{1});
    EXPECT_EQ(orders("b").at("granted"), true);
    EXPECT_EQ(orders("a").at("granted"), false);
    room_.good("worker.report", report("b", true));
    EXPECT_EQ(orders("a").at("granted"), true);
}

TEST_F(OpsWorkersTest, AReportThatIsNoneIsRefused) {
    for (const char* name : {"pool", "queue", "state", "acts_on", "min", "wanted", "restarts"}) {
        for (const Json& wrong : {Json(nullptr), Json(-1), Json(""), Json(Json::array())}) {
            Json bad = report();
            bad["pools"][0][name] = wrong;
            EXPECT_EQ(room_.code("worker.report", bad), "bad_request") << name << wrong;
        }
        Json absent = report();
        absent["pools"][0].erase(name);
        EXPECT_EQ(room_.code("worker.report", absent), "bad_request") << name;
    }
    Json bad = report();
    bad["pools"] = Json::array({7});
    EXPECT_EQ(room_.code("worker.report", bad), "bad_request");
    bad["pools"] = Json::object();
    EXPECT_EQ(room_.code("worker.report", bad), "bad_request");
    EXPECT_TRUE(room_.good("worker.pools").at("pools").empty());
}

TEST_F(OpsWorkersTest, PoolsHaveABound) {
    Json many = report();
    for (std::uint32_t i = 0; i < limits::kPoolsMax + 1; ++i) {
        many["pools"][i] = pool_row("p" + std::to_string(i));
    }
    EXPECT_EQ(room_.code("worker.report", many), "too_large");
}

TEST_F(OpsWorkersTest, MetricsShowThePools) {
    hello();
    orders();
    const std::string text = room_.good("metrics").at("text");
    for (const char* line :
         {"esteira_worker_online{pool=\"p\"} 1\n", "esteira_pool_workers_running{pool=\"p\"} 1\n",
          "esteira_pool_restarts_total{pool=\"p\"} 3\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
}

}  // namespace
}  // namespace esteira::broker

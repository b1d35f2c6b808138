#include <algorithm>
#include <stdexcept>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "tests/support/await.hpp"
#include "tests/support/ops_client.hpp"
#include "tests/workers/runtime/running_worker.hpp"

// The loop against a real broker, with a handler that does what the test says.
namespace esteira::runtime {
namespace {

using namespace std::chrono_literals;
using support::await;

class WorkerLoopTest : public testing::Test {
protected:
    void SetUp() override { broker_.make_queue("stock", {{"RetryBaseMillis", "1"}}); }

    void send(const std::vector<std::string>& bodies) {
        std::vector<std::span<const std::byte>> views;
        for (const std::string& body : bodies) {
            views.push_back(as_bytes(body));
        }
        client::QueueClient client(broker_.client_options());
        ASSERT_TRUE(client.send("stock", views));
    }
    // At most 100 of what the queue gives within `wait`.
    client::ReceivedBatch receive(const std::string& queue, Millis wait = 10s) {
        auto batch = client_.receive({queue, 100, wait, 60s});
        EXPECT_TRUE(batch);
        return std::move(batch).value();
    }
    Options until_empty() const {
        Options options = options_for(broker_);
        options.until_empty = 1s;
        return options;
    }

    support::BrokerProcess broker_;
    client::QueueClient client_{broker_.client_options()};
};

std::vector<std::string> numbered(int count) {
    std::vector<std::string> bodies;
    for (int i = 0; i < count; ++i) {
        bodies.push_back(std::to_string(i));
    }
    return bodies;
}

TEST_F(WorkerLoopTest, CarriesEachVerdictOut) {
    send({"good", "again", "dead", "split"});
    ScriptedHandler handler([](std::span<const Delivery> batch) {
        std::vector<Outcome> outcomes;
        for (const Delivery& delivery : batch) {
            if (delivery.body == "again" && delivery.receives < 3) {
                outcomes.push_back({Verdict::retry, "not yet", {}});
            } else if (delivery.body == "dead") {
                outcomes.push_back({Verdict::dead, "no EAN", {}});
            } else if (delivery.body == "split") {
                EXPECT_EQ(delivery.origin_id, delivery.message_id);
                outcomes.push_back({});
                outcomes.back().sends = {
                    {{}, "part", std::string(delivery.origin_id) + "/4", "bad"}};
            } else {
                outcomes.push_back({});
            }
        }
        return outcomes;
    });
    RunningWorker worker(until_empty(), handler);
    EXPECT_EQ(worker.wait(), Ending::emptied);
    EXPECT_EQ(std::ranges::count(handler.seen(), "again"), 3);
    EXPECT_EQ(worker.stats().done, 3u);
    EXPECT_EQ(worker.stats().retried, 2u);
    EXPECT_EQ(worker.stats().dead, 1u);
    EXPECT_EQ(broker_.messages("stock"), 0u);

    const auto dead = receive("dlq-stock");
    ASSERT_EQ(dead.messages.size(), 2u);
    const bool part_first = as_text(dead.messages[0].body) == "part";
    const auto& part = dead.messages[part_first ? 0 : 1];
    const auto& whole = dead.messages[part_first ? 1 : 0];
    EXPECT_EQ(as_text(whole.body), "dead");
    EXPECT_EQ(whole.reason, "no EAN");
    EXPECT_EQ(part.reason, "bad");
    EXPECT_EQ(part.source, "stock");
    EXPECT_TRUE(part.origin.ends_with("/4")) << part.origin;
}

TEST_F(WorkerLoopTest, CountsOnlyTheMessageThatThrowsAlone) {
    send({"a", "bad", "c"});
    ScriptedHandler handler([](std::span<const Delivery> batch) {
        for (const Delivery& delivery : batch) {
            if (delivery.body == "bad") {
                throw std::runtime_error("cannot");
            }
        }
        return std::vector<Outcome>(batch.size());
    });
    RunningWorker worker(until_empty(), handler);
    EXPECT_EQ(worker.wait(), Ending::emptied);
    EXPECT_EQ(worker.stats().done, 2u);
    const auto dead = receive("dlq-stock");
    ASSERT_EQ(dead.messages.size(), 1u);
    EXPECT_EQ(as_text(dead.messages[0].body), "bad");
    EXPECT_EQ(dead.messages[0].reason, "max_receives: received 5 times; last: cannot");
}

TEST_F(WorkerLoopTest, HandsBackUncountedWhileTheStoreIsAway) {
    send(numbered(20));
    std::atomic<int> failures{0};
    ScriptedHandler handler([&](std::span<const Delivery> batch) -> std::vector<Outcome> {
        for (const Delivery& delivery : batch) {
            EXPECT_EQ(delivery.receives, 1u);
        }
        if (failures < 6) {  // More often than a message may be received.
            ++failures;
            throw Unavailable("away");
        }
        return std::vector<Outcome>(batch.size());
    });
    std::atomic<int> probes{0};
    handler.on_start = [&] {
        if (++probes == 3) {
            throw Unavailable("still away");
        }
    };
    Options options = until_empty();
    options.batch_max = 5;
    options.probe_least = 5ms;
    RunningWorker worker(options, handler);
    EXPECT_EQ(worker.wait(), Ending::emptied);
    EXPECT_EQ(worker.stats().done, 20u);
    EXPECT_EQ(worker.stats().retried, 0u);
    EXPECT_GE(worker.stats().handed_back, 30u);
    EXPECT_EQ(broker_.messages("dlq-stock"), 0u);
}

TEST_F(WorkerLoopTest, WaitsForTheBatchItIsSetTo) {
    Options options = options_for(broker_);
    options.batch_min = 3;
    options.window = 300s;
    std::atomic<std::size_t> first{0};
    ScriptedHandler handler([&](std::span<const Delivery> batch) {
        first = first != 0 ? first.load() : batch.size();
        return std::vector<Outcome>(batch.size());
    });
    RunningWorker worker(options, handler);
    support::OpsClient ops(broker_.ops_socket());
    for (const char* body : {"one", "two", "three"}) {
        ASSERT_TRUE(await([&] {
            return ops.ask("queue.show", {{"queue", "stock"}})["waiters"] != 0;
        }));
        send({body});
    }
    ASSERT_TRUE(await([&] { return broker_.messages("stock") == 0u; }));
    EXPECT_EQ(first, 3u);
    worker.ask_to_stop();
    EXPECT_EQ(worker.wait(), Ending::stopped);
}

TEST_F(WorkerLoopTest, FinishesWhatIsAtWorkAndHandsTheRestBackWhenAskedToStop) {
    send({"one", "two"});
    Event begun;
    Event go_on;
    ScriptedHandler handler([&](std::span<const Delivery> batch) {
        begun.happen();
        EXPECT_TRUE(go_on.wait());
        return std::vector<Outcome>(batch.size());
    });
    Options options = options_for(broker_);
    options.batch_max = 1;
    RunningWorker worker(options, handler);
    ASSERT_TRUE(begun.wait());
    ASSERT_TRUE(await([&] {
        return broker_.attribute("stock", "ApproximateNumberOfMessagesNotVisible") == "2";
    })) << "no second batch waits while the first is handled";
    worker.ask_to_stop();
    const auto returned = receive("stock");  // While the first is still at work.
    go_on.happen();
    EXPECT_EQ(worker.wait(), Ending::stopped);
    EXPECT_EQ(handler.seen(), std::vector<std::string>{"one"});
    EXPECT_EQ(worker.stats().done, 1u);
    ASSERT_EQ(returned.messages.size(), 1u) << "nobody else gets what waits";
    EXPECT_EQ(as_text(returned.messages[0].body), "two");
    EXPECT_EQ(returned.messages[0].receives, 1u);
}

TEST_F(WorkerLoopTest, AbandonsWhatIsNotFinishedWhenTheDrainIsOver) {
    send({"endless"});
    Event begun;
    Event go_on;
    ScriptedHandler handler([&](std::span<const Delivery> batch) {
        begun.happen();
        EXPECT_TRUE(go_on.wait());
        return std::vector<Outcome>(batch.size());
    });
    Options options = options_for(broker_);
    options.drain = 100ms;
    RunningWorker worker(options, handler);
    ASSERT_TRUE(begun.wait());
    EXPECT_EQ(worker.stop(), Ending::abandoned);
    const auto returned = receive("stock");
    ASSERT_EQ(returned.messages.size(), 1u);
    EXPECT_EQ(returned.messages[0].receives, 1u);
    go_on.happen();
}

TEST_F(WorkerLoopTest, LeavesAtOnceWhenAskedTwice) {
    send({"endless"});
    Event begun;
    Event go_on;
    ScriptedHandler handler([&](std::span<const Delivery> batch) {
        begun.happen();
        EXPECT_TRUE(go_on.wait());
        return std::vector<Outcome>(batch.size());
    });
    Options options = options_for(broker_);
    options.drain = 1h;
    RunningWorker worker(options, handler);
    ASSERT_TRUE(begun.wait());
    worker.ask_to_stop();
    EXPECT_EQ(worker.stop(), Ending::interrupted);
    go_on.happen();
}

TEST_F(WorkerLoopTest, KeepsWhatItHoldsHiddenForLongerThanTheVisibility) {
    send({"slow", "waiting"});
    Event begun;
    Event go_on;
    ScriptedHandler handler([&](std::span<const Delivery> batch) {
        begun.happen();
        EXPECT_TRUE(go_on.wait());
        return std::vector<Outcome>(batch.size());
    });
    Options options = options_for(broker_);
    options.batch_max = 1;
    options.visibility = 1s;
    RunningWorker worker(options, handler);
    ASSERT_TRUE(begun.wait());
    EXPECT_TRUE(receive("stock", 4s).messages.empty());
    go_on.happen();
    go_on.happen();
    ASSERT_TRUE(await([&] { return broker_.messages("stock") == 0; }));
    EXPECT_EQ(worker.stop(), Ending::stopped);
    EXPECT_EQ(worker.stats().done, 2u);
    EXPECT_EQ(worker.stats().stale, 0u);
}

TEST_F(WorkerLoopTest, LosesNothingWhenTheBrokerIsKilledAgainAndAgain) {
    send(numbered(400));
    ScriptedHandler handler;
    Options options = options_for(broker_);
    options.batch_max = 3;
    RunningWorker worker(options, handler);
    for (std::size_t more = 20; more <= 100; more += 40) {
        ASSERT_TRUE(await([&] { return handler.seen().size() >= more; }));
        broker_.kill();
        broker_.start();
    }
    ASSERT_TRUE(await([&] { return broker_.messages("stock") == 0; }));
    EXPECT_EQ(worker.stop(), Ending::stopped);
    auto seen = handler.seen();
    std::ranges::sort(seen);
    const auto repeats = std::ranges::unique(seen);
    seen.erase(repeats.begin(), repeats.end());
    EXPECT_EQ(seen.size(), 400u);
    EXPECT_EQ(broker_.messages("dlq-stock"), 0u);
}

TEST_F(WorkerLoopTest, WaitsForAQueueThatIsGoneToComeBack) {
    ScriptedHandler handler;
    RunningWorker worker(options_for(broker_), handler);
    send({"before"});
    // Settled, and with the same request more was asked for.
    ASSERT_TRUE(await([&] { return broker_.messages("stock") == 0 && !handler.seen().empty(); }));
    ASSERT_TRUE(client_.delete_queue("stock"));
    broker_.make_queue("stock");
    send({"after"});
    ASSERT_TRUE(await([&] { return handler.seen().size() == 2; }));
    EXPECT_EQ(worker.stop(), Ending::stopped);
}

TEST_F(WorkerLoopTest, EndsWhenAPersonHasToAct) {
    send({"a", "b"});
    ScriptedHandler handler(
        [](std::span<const Delivery>) -> std::vector<Outcome> { throw Misconfigured("no table"); });
    RunningWorker worker(options_for(broker_), handler);
    EXPECT_EQ(worker.wait(), Ending::misconfigured);
    const auto returned = receive("stock");
    ASSERT_EQ(returned.messages.size(), 2u);
    EXPECT_EQ(returned.messages[0].receives, 1u);
}

TEST_F(WorkerLoopTest, PassesOnWhatComesWhileItsStoreIsAway) {
    Event away;
    Event back;
    std::atomic<int> calls{0};
    ScriptedHandler handler([&](std::span<const Delivery> batch) -> std::vector<Outcome> {
        if (++calls == 1) {
            throw Unavailable("away");
        }
        return std::vector<Outcome>(batch.size());
    });
    handler.on_start = [&] {
        if (calls > 0) {
            away.happen();
            EXPECT_TRUE(back.wait());
        }
    };
    Options options = options_for(broker_);
    options.probe_least = 1ms;
    RunningWorker worker(options, handler);
    send({"first"});
    ASSERT_TRUE(away.wait());  // It has asked for a second batch, and will be given one.
    send({"second", "third"});
    for (std::size_t got = 0; got < 3;) {
        const auto batch = receive("stock");
        ASSERT_FALSE(batch.messages.empty());
        for (const auto& message : batch.messages) {
            EXPECT_EQ(message.receives, 1u) << as_text(message.body);
        }
        got += batch.messages.size();
    }
    back.happen();
    EXPECT_EQ(worker.stop(), Ending::stopped);
    EXPECT_EQ(calls, 1);
}

TEST_F(WorkerLoopTest, RetriesWhatCannotBeBuried) {
    ASSERT_TRUE(client_.create_queue({"alone", {{"RetryBaseMillis", "1"}}, {}}));
    ASSERT_TRUE(client_.send("alone", std::array{as_bytes("x")}));
    ScriptedHandler handler([](std::span<const Delivery> batch) {
        return std::vector<Outcome>(
            batch.size(), batch[0].receives < 3 ? Outcome{Verdict::dead, "bad", {}} : Outcome{});
    });
    Options options = until_empty();
    options.queue = "alone";
    RunningWorker worker(options, handler);
    EXPECT_EQ(worker.wait(), Ending::emptied);
    EXPECT_EQ(worker.stats().refused, 2u);
    EXPECT_EQ(handler.seen().size(), 3u);
    EXPECT_EQ(broker_.messages("alone"), 0u);
}

}  // namespace
}  // namespace esteira::runtime

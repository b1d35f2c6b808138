#include "workers/click_ingest/handler.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace esteira::click_ingest {
namespace {

using runtime::Delivery;
using runtime::Outcome;
using runtime::Verdict;

class FixedClock final : public Clock {
public:
    Now now() override { return {{}, std::chrono::sys_days(std::chrono::year(2024) / 5 / 10)}; }
};

// Refuses events of the brand "poison"; knows its origins.
class FakeStore final : public ClickStore {
public:
    void require_ready() override { fail(); }
    Written write(const std::vector<Message>& messages) override {
        fail();
        for (const Message& message : messages) {
            for (const auto* event : message.events) {
                if (event->brand == "poison") {
                    throw postgres::Error("no such luck", std::string("22001"), "brand");
                }
            }
        }
        Written written;
        for (const Message& message : messages) {
            if (origins.insert(std::string(message.origin)).second) {
                ++written.messages;
                written.events += message.events.size();
            }
        }
        return written;
    }

    void try_out(const Message& message) override {
        const std::set<std::string> before = origins;
        write({message});
        origins = before;
    }

    std::set<std::string> origins;
    std::string down;

private:
    void fail() const {
        if (!down.empty()) {
            throw postgres::Error("down", down);
        }
    }
};

std::string view(int user, const std::string& brand = "guará") {
    return R"({"event_time":"2024-05-01 10:00:00 UTC","event_type":"view","product_id":1,)"
           R"("category_id":2,"brand":")" +
           brand + R"(","price":1.50,"user_id":)" + std::to_string(user) + "}";
}

class ClickIngestTest : public testing::Test {
protected:
    std::vector<Outcome> handle(const std::vector<std::pair<std::string, std::string>>& messages) {
        std::vector<Delivery> batch;
        for (const auto& [origin, body] : messages) {
            batch.push_back({.body = body, .message_id = origin, .origin_id = origin});
        }
        return handler_.handle(batch);
    }
    std::uint64_t counter(std::string_view name) const {
        for (const runtime::Counter& counter : handler_.counters()) {
            if (counter.name == name) {
                return counter.value;
            }
        }
        return 0;
    }

    FixedClock clock_;
    FakeStore* store_ = new FakeStore;  // Owned by the handler.
    ClickIngest handler_{std::unique_ptr<ClickStore>(store_),
                         contracts::Zone::fixed(std::chrono::hours(-3)), clock_};
};

TEST_F(ClickIngestTest, CountsTheEventsOfAMessageOnceAlsoWhenABatchHoldsItTwice) {
    const std::string body = "[" + view(1) + "," + view(2) + "]";
    EXPECT_EQ(handle({{"a", body}, {"b", view(3)}, {"a", body}}), std::vector<Outcome>(3));
    EXPECT_EQ(counter("events"), 3u);
    handle({{"a", body}});
    EXPECT_EQ(counter("events"), 3u);
    EXPECT_EQ(counter("repeated_messages"), 2u);
}

TEST_F(ClickIngestTest, SplitsABadEventOffAndCountsItsNeighbours) {
    const auto outcomes = handle(
        {{"a", "[" + view(1) + R"(,{"event_type":"x"},)" + view(2) + "]"}, {"b", "no JSON"}});
    EXPECT_EQ(outcomes[0].verdict, Verdict::done);
    ASSERT_EQ(outcomes[0].sends.size(), 1u);
    EXPECT_EQ(outcomes[0].sends[0].origin_id, "a/1");
    EXPECT_EQ(outcomes[0].sends[0].reason, "event_time is missing");
    EXPECT_EQ(outcomes[1].verdict, Verdict::dead);
    EXPECT_EQ(counter("events"), 2u);
}

TEST_F(ClickIngestTest, AnEventThatPostgresqlRefusesLeavesItsMessageAlone) {
    const auto outcomes = handle(
        {{"a", view(1)}, {"b", "[" + view(2) + "," + view(3, "poison") + "]"}, {"c", view(4)}});
    EXPECT_EQ(outcomes[0], Outcome{});
    ASSERT_EQ(outcomes[1].sends.size(), 1u);
    EXPECT_EQ(outcomes[1].sends[0].body, view(3, "poison"));
    EXPECT_EQ(outcomes[1].sends[0].origin_id, "b/1");
    EXPECT_EQ(outcomes[2], Outcome{});
    EXPECT_EQ(store_->origins, (std::set<std::string>{"a", "b", "c"}));
}

TEST_F(ClickIngestTest, NothingOfAMessageIsCountedThatHasMoreBadEventsThanCanBeSplitOff) {
    std::string body = "[" + view(1);
    for (int i = 0; i <= 1'000; ++i) {
        body += ",{}";
    }
    const auto outcomes = handle({{"a", body + "]"}});
    EXPECT_EQ(outcomes[0].verdict, Verdict::dead);
    EXPECT_EQ(outcomes[0].reason,
              "more than 1000 events are bad; the first: event_time is missing");
    EXPECT_EQ(store_->origins.size(), 0u);
}

TEST_F(ClickIngestTest, AnOutageIsNoMessagesFault) {
    store_->down = "57P01";
    EXPECT_THROW(handle({{"a", view(1)}}), runtime::Unavailable);
    EXPECT_THROW(handler_.start(), runtime::Unavailable);
    store_->down = "42501";
    EXPECT_THROW(handle({{"a", view(1)}}), runtime::Misconfigured);
}

}  // namespace
}  // namespace esteira::click_ingest

#include "workers/runtime/settlement.hpp"

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"

namespace esteira::runtime {
namespace {

dialogue::Receipt receipt(std::uint32_t count) {
    return {QueueNumber{1}, DeliveryNumber{100}, count, {}};
}

Outcome retry(std::string reason) { return {Verdict::retry, std::move(reason), {}}; }

// "done 0+2; retry 2+1 why"
std::string text_of(const dialogue::Settle& settle) {
    std::string text;
    for (const dialogue::VerdictEntry& entry : settle.verdicts) {
        text += (text.empty() ? "" : "; ") + std::string(to_string(entry.verdict)) + " " +
                std::to_string(entry.index) + "+" + std::to_string(entry.count);
        text += entry.reason.empty() ? "" : " " + std::string(entry.reason);
        for (const auto& [queue, send] : entry.sends) {
            text += " >" + std::string(queue) + ":" + std::string(as_text(send.body));
        }
    }
    return text;
}

TEST(SettlementTest, PutsRunsOfEqualVerdictsTogether) {
    std::vector<Outcome> outcomes{{}, {}, retry("a"), retry("b"), retry("b"), {}};
    const auto requests = settle_requests(receipt(6), outcomes);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(text_of(requests[0]), "done 0+2; retry 2+1 a; retry 3+2 b; done 5+1");
}

TEST(SettlementTest, HandsBackWhatHasNoOutcome) {
    EXPECT_EQ(text_of(settle_requests(receipt(3), {Outcome{}})[0]), "done 0+1; hand_back 1+2");
    EXPECT_EQ(text_of(settle_requests(receipt(3), {})[0]), "hand_back 0+3");
}

TEST(SettlementTest, CarriesAHandBackWithoutAReason) {
    std::vector<Outcome> outcomes{
        retry("a"), {Verdict::hand_back, "b", {}}, {Verdict::hand_back, "c", {}}, {}};
    make_fit(outcomes);
    EXPECT_EQ(text_of(settle_requests(receipt(4), outcomes)[0]),
              "retry 0+1 a; hand_back 1+2; done 3+1");
}

TEST(SettlementTest, GivesAMessageWithSendsAVerdictOfItsOwn) {
    Outcome split;
    split.sends = {{"", "x", "o/1", "bad"}, {"next", "y", {}, {}}};
    const std::vector<Outcome> outcomes{{}, split, split, {}};
    const auto requests = settle_requests(receipt(4), outcomes);
    EXPECT_EQ(text_of(requests[0]),
              "done 0+1; done 1+1 >:x >next:y; done 2+1 >:x >next:y; done 3+1");
    const auto& first = requests[0].verdicts[1].sends[0].second;
    EXPECT_EQ(first.origin, "o/1");
    EXPECT_EQ(first.reason, "bad");
}

TEST(SettlementTest, StaysWithinTheLimitsOfARequest) {
    std::vector<Outcome> outcomes;
    for (int i = 0; i < 2500; ++i) {
        outcomes.push_back(retry(std::to_string(i)));
    }
    const auto requests = settle_requests(receipt(2500), outcomes);
    ASSERT_EQ(requests.size(), 3u);
    EXPECT_EQ(requests[0].verdicts.size(), limits::kRequestEntriesMax);
    EXPECT_EQ(requests[2].verdicts.size(), 500u);
    EXPECT_EQ(requests[2].verdicts.back().index, 2499u);

    Outcome split;
    split.sends.assign(600, {"", "x", {}, {}});
    const std::vector<Outcome> splits(3, split);
    EXPECT_EQ(settle_requests(receipt(3), splits).size(), 3u);

    Outcome large;
    large.sends.push_back({"", std::string(kSendBytesMax / 2 + 1, 'x'), {}, {}});
    const std::vector<Outcome> larges(3, large);
    EXPECT_EQ(settle_requests(receipt(3), larges).size(), 3u);
}

TEST(SettlementTest, BuriesAMessageWholeThatHasTooManyParts) {
    Outcome split;
    split.sends.assign(limits::kRequestEntriesMax + 1, {"", "x", "o/1", "no EAN"});
    Outcome large;
    large.sends.push_back({"", std::string(kSendBytesMax + 1, 'x'), "o/1", "no EAN"});
    std::vector<Outcome> outcomes{split, large};
    make_fit(outcomes);
    for (const Outcome& outcome : outcomes) {
        EXPECT_EQ(outcome.verdict, Verdict::dead);
        EXPECT_TRUE(outcome.sends.empty());
        EXPECT_NE(outcome.reason.find("no EAN"), std::string::npos) << outcome.reason;
    }
}

TEST(SettlementTest, MakesReasonsAndOriginsWhatABrokerTakes) {
    Outcome split;
    const std::string long_origin(limits::kOriginBytesMax + 1, 'o');
    split.sends = {{"", "x", long_origin, "no\nEAN"}, {"", "y", "o/2", std::string(600, 'r')}};
    std::vector<Outcome> outcomes{retry("a\tb\xff"), split};
    make_fit(outcomes);
    EXPECT_EQ(outcomes[0].reason, "a b?");
    EXPECT_EQ(outcomes[1].sends[0].origin_id, "");
    EXPECT_EQ(outcomes[1].sends[0].reason, "(" + long_origin + ") no EAN");
    EXPECT_EQ(outcomes[1].sends[1].origin_id, "o/2");
    EXPECT_EQ(outcomes[1].sends[1].reason.size(), limits::kReasonBytesMax);
}

TEST(SettlementTest, RetriesWhatWasRefused) {
    dialogue::VerdictEntry dead;
    dead.receipt = receipt(9);
    dead.index = 4;
    dead.count = 2;
    dead.verdict = dialogue::Verdict::dead;
    EXPECT_EQ(text_of(retry_request(dead, "no room")), "retry 4+2 no room");
}

}  // namespace
}  // namespace esteira::runtime

#include "broker/engine/sessions.hpp"

#include <gtest/gtest.h>

namespace esteira::engine {
namespace {

Bytes16 id(unsigned char n) { return Bytes16{std::byte{n}}; }

TEST(Sessions, RemembersTheLast64Requests) {
    Sessions sessions;
    Session& session = sessions.open(1, id(1), Time{});
    for (std::uint64_t n = 1; n <= 100; ++n) {
        Sessions::place_for(session, n, n * 7);
    }
    EXPECT_TRUE(Sessions::expired(session, 36));
    EXPECT_EQ(Sessions::note_of(session, 36), nullptr);
    EXPECT_FALSE(Sessions::expired(session, 37));
    ASSERT_NE(Sessions::note_of(session, 37), nullptr);
    EXPECT_EQ(Sessions::note_of(session, 37)->hash, 37U * 7);
}

TEST(Sessions, ANewRequestInAnOldPlaceStartsEmpty) {
    Sessions sessions;
    Session& session = sessions.open(1, id(1), Time{});
    Sessions::place_for(session, 1, 5).results.push_back({dialogue::Code::ok, 3, {}, {}});
    EXPECT_EQ(Sessions::note_of(session, 1)->entries(), 3U);
    EXPECT_EQ(Sessions::place_for(session, 65, 6).entries(), 0U);
}

TEST(Sessions, AnIdThatWasOpenedAgainIsNotLostWithItsFirstLife) {
    Sessions sessions;
    sessions.open(1, id(9), Time{});
    sessions.open(2, id(9), Time{});
    sessions.close(1);
    ASSERT_NE(sessions.find(id(9)), nullptr);
    EXPECT_EQ(sessions.find(id(9))->number, 2U);
}

TEST(Sessions, AWorkerIsNotIdleHoweverSilent) {
    Sessions sessions;
    sessions.open(1, id(1), Time{});
    sessions.open(2, id(2), Time{}).worker = Worker{};
    EXPECT_EQ(sessions.idle(Time{limits::kSessionIdleMax + Millis{1}}),
              (std::vector<std::uint64_t>{1}));
    sessions.close_oldest();
    EXPECT_EQ(sessions.find(std::uint64_t{1}), nullptr);
}

TEST(Sessions, TheirNotesAreBounded) {
    Sessions sessions;
    for (std::uint64_t n = 1; n <= 40; ++n) {
        Session& session = sessions.open(n, id(static_cast<unsigned char>(n)), Time{Millis{n}});
        for (std::uint64_t request = 1; request <= limits::kSessionRequestsKept; ++request) {
            Sessions::place_for(session, request, 1).results.resize(1'000);
        }
        sessions.weigh(session);
    }
    // 64 notes of 1,000 runs are about 900 KB, so there is room for nine of these sessions.
    EXPECT_EQ(sessions.size(), 9U);
    EXPECT_NE(sessions.find(std::uint64_t{40}), nullptr);
    EXPECT_EQ(sessions.find(std::uint64_t{31}), nullptr);
}

}  // namespace
}  // namespace esteira::engine

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/spec/live_door.hpp"

namespace esteira::spec {
namespace {

struct Play {
    std::string path;
    std::string script;
    std::string got{};
};

void play(Play& play) {
    try {
        play.got = run(play.script, *make_live_door());
    } catch (const std::exception& error) {
        play.got = error.what();
    }
}

// All at once, each with a broker of its own: most of the time they wait.
TEST(LiveSpec, EveryLiveScriptHoldsForABrokerInRealTime) {
    std::vector<Play> plays;
    for (const std::string& path : scripts_in(ESTEIRA_SOURCE_DIR "/tests/spec/scripts")) {
        std::string script = read_script(path);
        if (script.starts_with("# live\n")) {
            plays.push_back({path, std::move(script)});
        }
    }
    ASSERT_GT(plays.size(), 5U);
    {
        std::vector<std::jthread> threads;
        for (Play& one : plays) {
            threads.emplace_back([&one] { play(one); });
        }
    }
    for (const Play& one : plays) {
        EXPECT_EQ(one.got, one.script) << one.path;
    }
}

}  // namespace
}  // namespace esteira::spec

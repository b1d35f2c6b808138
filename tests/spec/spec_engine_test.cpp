#include <gtest/gtest.h>

#include "tests/spec/script.hpp"

namespace esteira::spec {
namespace {

TEST(Spec, EveryScriptHoldsForTheEngine) {
    const auto scripts = scripts_in(ESTEIRA_SOURCE_DIR "/tests/spec/scripts");
    ASSERT_GT(scripts.size(), 5U);
    for (const std::string& path : scripts) {
        const std::string script = read_script(path);
        EXPECT_EQ(run(script, *make_engine_door()), script) << path;
    }
}

}  // namespace
}  // namespace esteira::spec

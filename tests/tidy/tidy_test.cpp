#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>

#include "tests/tidy/rules.hpp"

namespace esteira::tidy {
namespace {

namespace fs = std::filesystem;

const std::vector<Source>& all_sources() {
    static const std::vector<Source> sources = [] {
        const fs::path root{ESTEIRA_SOURCE_DIR};
        const std::vector<std::string> kinds{".cpp", ".hpp", ".sh", ".sql", ".toml", ".md", ".txt"};
        std::vector<Source> found;
        for (const std::string room :
             {"common", "broker", "workers", "producers", "tests", "bench", "config", "scripts"}) {
            if (!fs::exists(root / room)) {
                continue;
            }
            for (const auto& entry : fs::recursive_directory_iterator{root / room}) {
                const auto kind = entry.path().extension().string();
                if (!entry.is_regular_file() ||
                    std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
                    continue;
                }
                Source source{fs::relative(entry.path(), root).string(), {}};
                std::ifstream in{entry.path()};
                for (std::string line; std::getline(in, line);) {
                    source.lines.push_back(line);
                }
                found.push_back(std::move(source));
            }
        }
        return found;
    }();
    return sources;
}

void expect_none(const std::function<Complaints(const Source&)>& rule) {
    ASSERT_GT(all_sources().size(), 20u);
    for (const Source& source : all_sources()) {
        for (const std::string& complaint : rule(source)) {
            ADD_FAILURE() << complaint;
        }
    }
}

std::size_t complaints(const std::function<Complaints(const Source&)>& rule,
                       const std::string& path, const std::string& line) {
    return rule({path, {"#pragma once", line}}).size();
}

TEST(Tidy, RoomsIncludeOnlyWhatTheDirectionAllows) { expect_none(wrong_includes); }
TEST(Tidy, TheEngineAndTheJournalArePure) { expect_none(impurities); }
TEST(Tidy, OnlyTheWireKnowsMessagePack) { expect_none(stray_msgpack); }
TEST(Tidy, FilesAreShortNarrowAndNamedAlike) { expect_none(wrong_shape); }
TEST(Tidy, NothingIsOwnedTwice) { expect_none(shared_ownership); }
TEST(Tidy, NothingIsLeftForLater) { expect_none(open_marks); }

TEST(TidyRules, AWrongIncludeIsSeen) {
    const auto includes = [](const std::string& from, const std::string& what) {
        return complaints(wrong_includes, from, "#include \"" + what + "\"");
    };
    EXPECT_EQ(includes("common/wire/a.cpp", "broker/engine/queue.hpp"), 1u);
    EXPECT_EQ(includes("broker/engine/a.cpp", "common/wire/codec.hpp"), 1u);
    EXPECT_EQ(includes("broker/engine/a.cpp", "broker/journal/journal.hpp"), 1u);
    EXPECT_EQ(includes("broker/journal/local/a.cpp", "broker/engine/queue.hpp"), 1u);
    EXPECT_EQ(includes("broker/filters/a.cpp", "broker/engine/queue.hpp"), 1u);
    EXPECT_EQ(includes("workers/order_ingest/a.cpp", "workers/upsert_stock/handler.hpp"), 1u);
    EXPECT_EQ(includes("workers/runtime/a.cpp", "workers/upsert_stock/handler.hpp"), 1u);
    EXPECT_EQ(includes("producers/stock/a.cpp", "workers/runtime/loop.hpp"), 1u);
    EXPECT_EQ(includes("common/cli/a.cpp", "table.hpp"), 1u);  // Not from the root.
    EXPECT_EQ(includes("broker/server/a.cpp", "broker/engine/queue.hpp"), 0u);
    EXPECT_EQ(includes("broker/journal/local/a.cpp", "broker/journal/journal.hpp"), 0u);
    EXPECT_EQ(includes("workers/upsert_stock/a.cpp", "workers/runtime/handler.hpp"), 0u);
    EXPECT_EQ(includes("tests/broker/a.cpp", "broker/engine/queue.hpp"), 0u);
}

TEST(TidyRules, AnImpureEngineIsSeen) {
    EXPECT_EQ(complaints(impurities, "broker/engine/a.cpp", "x = std::steady_clock::now();"), 1u);
    EXPECT_EQ(complaints(impurities, "broker/engine/a.cpp", "#include <fstream>"), 1u);
    EXPECT_EQ(complaints(impurities, "broker/journal/local/a.cpp", "#include <zmq.hpp>"), 1u);
    EXPECT_EQ(complaints(impurities, "broker/engine/a.cpp", "int x;  // no steady_clock"), 0u);
    EXPECT_EQ(complaints(impurities, "broker/server/a.cpp", "#include <zmq.hpp>"), 0u);
}

TEST(TidyRules, MessagePackElsewhereIsSeen) {
    EXPECT_EQ(complaints(stray_msgpack, "broker/server/a.cpp", "#include <msgpack.hpp>"), 1u);
    EXPECT_EQ(complaints(stray_msgpack, "common/wire/a.cpp", "#include <msgpack.hpp>"), 0u);
}

TEST(TidyRules, AWrongShapeIsSeen) {
    EXPECT_EQ(complaints(wrong_shape, "common/a.cpp", std::string(101, 'x')), 1u);
    EXPECT_EQ(complaints(wrong_shape, "common/a.cpp", std::string(99, 'x') + "\xc3\xa3"), 0u);
    EXPECT_EQ(complaints(wrong_shape, "common/CamelCase.cpp", ""), 1u);
    EXPECT_EQ(wrong_shape({"common/a.hpp", {"int x;"}}).size(), 1u);
    EXPECT_EQ(wrong_shape({"common/a.cpp", std::vector<std::string>(401)}).size(), 1u);
    EXPECT_EQ(wrong_shape({"common/a.cpp", std::vector<std::string>(400)}).size(), 0u);
}

TEST(TidyRules, ASecondOwnerIsSeen) {
    EXPECT_EQ(complaints(shared_ownership, "common/a.cpp", "std::shared_ptr<int> x;"), 1u);
    EXPECT_EQ(complaints(shared_ownership, "common/a.cpp", "auto* x = new Thing{};"), 1u);
    EXPECT_EQ(complaints(shared_ownership, "common/a.cpp", "say(\"a new queue\");  // new it"), 0u);
    EXPECT_EQ(complaints(shared_ownership, "common/a.cpp", "Thing(const Thing&) = delete;"), 0u);
    EXPECT_EQ(complaints(shared_ownership, "tests/a.cpp", "auto* x = new Fake{};"), 0u);
    EXPECT_EQ(complaints(shared_ownership, "common/a.cpp", "const int x = 1'000;  // new x"), 0u);
}

TEST(TidyRules, AMarkForLaterIsSeen) {
    EXPECT_EQ(complaints(open_marks, "common/a.cpp",
                         "// TO"
                         "DO: more"),
              1u);
    EXPECT_EQ(complaints(open_marks, "docs/a.md",
                         "FIX"
                         "ME"),
              1u);
    EXPECT_EQ(complaints(open_marks, "common/a.cpp",
                         "mkdtemp(\"x-XX"
                         "XXXX\")"),
              0u);
}

}  // namespace
}  // namespace esteira::tidy

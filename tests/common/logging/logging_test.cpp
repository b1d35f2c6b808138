#include "common/logging/logging.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "common/logging/secret.hpp"

namespace esteira::logging {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kTime{1'772'366'400'123ms};  // 2026-03-01T12:00:00.123Z

std::string line_with(const std::string& text) {
    return line_of(kTime, {Level::info, "p", "e"}, {{"text", text}});
}

TEST(Logging, AnEventIsOneJsonObject) {
    EXPECT_EQ(line_of(kTime, {Level::warning, "esteira-broker", "segment_late"},
                      {{"chunk", 7}, {"ms", 1.5}, {"big", ~0ULL}, {"ok", true}, {"who", "São"}}),
              R"({"time":"2026-03-01T12:00:00.123Z","level":"warning","program":"esteira-broker",)"
              R"("event":"segment_late","chunk":7,"ms":1.5,"big":18446744073709551615,"ok":true,)"
              R"("who":"São"})");
}

TEST(Logging, NoByteOfAFieldCanEndTheLineOrSteerATerminal) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) {
        all += static_cast<char>(byte);
    }
    for (const std::string& text :
         {all, std::string{"\xe2\x80\xa8\xe2\x80\xa9"}, std::string{"\xc2\x85\xc2\x9b\x7f"}}) {
        const std::string line = line_with(text);
        for (const char c : line) {
            EXPECT_FALSE((c >= 0 && c < 0x20) || c == 0x7F) << line;
        }
        EXPECT_EQ(line.find("\xe2\x80\xa8"), std::string::npos);
        EXPECT_EQ(line.find("\xe2\x80\xa9"), std::string::npos);
        EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
        EXPECT_TRUE(nlohmann::json::accept(line)) << line;
    }
    const auto escaped = nlohmann::json::parse(line_with("\xc2\x85\xe2\x80\xa9\x7f ok"));
    EXPECT_EQ(escaped["text"], "\xc2\x85\xe2\x80\xa9\x7f ok");  // Escaped, not lost.
}

TEST(Logging, AFieldIsCutAtALimitAndBetweenCharacters) {
    const std::string text(kFieldBytesMax - 1, 'a');
    const auto line = nlohmann::json::parse(line_with(text + "\xc3\xa3" + "b"));
    EXPECT_EQ(line["text"], text);
    EXPECT_EQ(nlohmann::json::parse(line_with(text + "ab"))["text"], text + "a");
}

TEST(Logging, OneNameCannotFloodTheLogAndWhatIsLeftOutIsCounted) {
    RateLimit limit;
    const RateLimit::Instant start{};
    for (std::uint32_t i = 0; i < kLinesPerWindow; ++i) {
        EXPECT_EQ(limit.admit("loud", start), 0u);
    }
    EXPECT_EQ(limit.admit("loud", start + kWindow - 1ns), std::nullopt);
    EXPECT_EQ(limit.admit("loud", start + kWindow - 1ns), std::nullopt);
    EXPECT_EQ(limit.admit("calm", start + kWindow - 1ns), 0u);
    EXPECT_EQ(limit.admit("loud", start + kWindow), 2u);
    EXPECT_EQ(limit.admit("loud", start + kWindow), 0u);
    EXPECT_EQ(
        nlohmann::json::parse(line_of(kTime, {Level::info, "p", "loud", 2}, {}))["suppressed"], 2);
}

TEST(Logging, TheFileGetsWhatIsLoudEnough) {
    const auto file = std::filesystem::temp_directory_path() /
                      ("esteira-logging-test-" + std::to_string(getpid()));
    start({.program = "p", .level = Level::warning, .file = file});
    info("quiet");
    error("loud", {{"n", 1}});
    start({.program = "p"});
    std::stringstream text;
    text << std::ifstream{file}.rdbuf();
    std::filesystem::remove(file);
    EXPECT_EQ(text.str().find("quiet"), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(text.str())["event"], "loud");
}

TEST(Logging, AnAuditLineIsWrittenWhateverTheLevelAndHoweverOften) {
    const std::string path = testing::TempDir() + "audit-" + std::to_string(getpid()) + ".log";
    start({.program = "p", .level = Level::error, .file = path});
    for (int i = 0; i < 100; ++i) {
        audit("ops", {{"n", i}});
    }
    start({.program = "p"});
    std::ifstream in{path};
    int lines = 0;
    for (std::string line; std::getline(in, line);) {
        EXPECT_EQ(nlohmann::json::parse(line)["n"], lines++);
    }
    EXPECT_EQ(lines, 100);
    unlink(path.c_str());
}

TEST(Logging, LevelsHaveNames) {
    EXPECT_EQ(level_named("warning"), Level::warning);
    EXPECT_EQ(level_named("loud"), std::nullopt);
}

TEST(Secret, PrintsAsStars) {
    std::stringstream out;
    out << Secret{"hunter2"} << Secret{};
    EXPECT_EQ(out.str(), "***");
}

TEST(Secret, LeavesNothingBehindWhenItMoves) {
    Secret from{"hunter2"};  // Short enough to stand inside the string object.
    const char* bytes = from.reveal().data();
    const Secret to = std::move(from);
    EXPECT_EQ(to.reveal(), "hunter2");
    EXPECT_EQ(std::string(bytes, 7), std::string(7, '\0'));
}

}  // namespace
}  // namespace esteira::logging

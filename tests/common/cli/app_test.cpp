#include "common/cli/app.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace esteira::cli {
namespace {

// Runs a small program with one sub-command and returns its exit code.
int run_with(std::vector<const char*> words, const std::function<ExitCode()>& body) {
    CLI::App app{"Test program.", "esteira-test"};
    Common common;
    prepare(app, common, {"esteira-test go --count 3"});
    int count = 0;
    app.add_subcommand("go", "Goes.")->add_option("--count", count, "How often");
    app.require_subcommand(1);
    words.insert(words.begin(), "esteira-test");
    return run(app, static_cast<int>(words.size()), words.data(), body);
}

ExitCode fine() { return ExitCode::ok; }

struct Streams {
    Streams() {
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
    }
    void read() {
        out = testing::internal::GetCapturedStdout();
        err = testing::internal::GetCapturedStderr();
    }
    std::string out;
    std::string err;
};

TEST(App, AWrongCommandLineIsUsageAndSaysSoOnStderr) {
    for (const std::vector<const char*>& words :
         {std::vector<const char*>{"go", "--nothing"}, {"wrong"}, {}, {"go", "--count", "x"}}) {
        Streams streams;
        EXPECT_EQ(run_with(words, fine), 2);
        streams.read();
        EXPECT_EQ(streams.out, "");
        EXPECT_EQ(streams.err.rfind("esteira-test: ", 0), 0u) << streams.err;
    }
}

TEST(App, HelpShowsTheExamplesOnStdout) {
    Streams streams;
    EXPECT_EQ(run_with({"--help"}, fine), 0);
    streams.read();
    EXPECT_NE(streams.out.find("Examples:\n  esteira-test go --count 3"), std::string::npos);
    EXPECT_EQ(streams.err, "");
}

TEST(App, VersionIsAnAnswer) {
    Streams streams;
    EXPECT_EQ(run_with({"--version"}, fine), 0);
    streams.read();
    EXPECT_EQ(streams.out, std::string{"esteira "} + ESTEIRA_VERSION + "\n");
}

TEST(App, CommonFlagsWorkBehindTheVerb) { EXPECT_EQ(run_with({"go", "--json", "-q"}, fine), 0); }

TEST(App, AFailureEndsWithItsOwnCode) {
    Streams streams;
    EXPECT_EQ(run_with({"go"},
                       []() -> ExitCode {
                           throw Failure{ExitCode::not_found, "no queue \"stock\x1b[0m\""};
                       }),
              3);
    streams.read();
    EXPECT_EQ(streams.err, "esteira-test: no queue \"stock\\x1b[0m\"\n");
}

TEST(App, AnyOtherExceptionIsAnError) {
    Streams streams;
    EXPECT_EQ(run_with({"go"}, []() -> ExitCode { throw std::runtime_error{"boom"}; }), 1);
    streams.read();
    EXPECT_EQ(streams.err, "esteira-test: boom\n");
}

TEST(App, JsonWithBrokenBytesIsStillPrinted) {
    Streams streams;
    print_json({{"body", "a\xff"}});
    streams.read();
    EXPECT_EQ(nlohmann::json::parse(streams.out)["body"], "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace esteira::cli

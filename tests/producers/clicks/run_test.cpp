#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/base/bytes.hpp"
#include "producers/clicks/click_file.hpp"
#include "producers/clicks/generator.hpp"
#include "tests/producers/clicks/packed.hpp"
#include "tests/support/await.hpp"
#include "tests/support/program.hpp"

namespace esteira::support {
namespace {

using clicks::ClickRow;

constexpr std::uint64_t kEvents = 3'000;
constexpr const char* kNoAmount = "2026-11-19 10:00:00 UTC,view,1,2,,,abc,3,bad-row";
constexpr const char* kNoType = "2026-11-19 10:00:00 UTC,look,1,2,,,1.00,3,bad-row";
constexpr const char* kOpenQuote = "2026-11-19 10:00:00 UTC,view,1,2,\"open,,1.00,3,bad-row";
constexpr const char* kCut = "2026-11-19 10:00:00 UTC,vi";

// A message without what is another in every run.
std::string without_sending_time(const nlohmann::json& event) {
    nlohmann::json rest = event;
    EXPECT_EQ(rest.erase("txn_timestamp"), 1u);
    return rest.dump();
}

class ProduceClicksTest : public testing::Test {
protected:
    void SetUp() override { broker_.make_queue("clicks"); }

    Ended produce(std::vector<std::string> words, const std::string& input = {}) {
        words.insert(words.begin(), "esteira-produce-clicks");
        return run_program(broker_, words, input);
    }
    std::unique_ptr<ChildProcess> start(std::vector<std::string> words) const {
        words.insert(words.begin(), ESTEIRA_BIN_DIR "/esteira-produce-clicks");
        return std::make_unique<ChildProcess>(
            ChildOptions{words,
                         {"ESTEIRA_CONFIG=" + broker_.folder() + "/esteira.toml",
                          "ESTEIRA__BROKER__ENDPOINT=" + broker_.endpoint()},
                         path("log")});
    }
    std::string path(const std::string& name) const { return temp_.path() + "/" + name; }
    std::string write(const std::string& name, const std::string& bytes) const {
        std::ofstream(path(name), std::ios::binary) << bytes;
        return path(name);
    }

    // Made-up events with bad rows among them, the last of which is cut off.
    static std::string csv_with_bad_rows() {
        clicks::GeneratorOptions options;
        options.events = kEvents;
        options.until = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20);
        clicks::Generator generator(options);
        std::string text = clicks::click_csv_header(false);
        ClickRow row;
        for (std::uint64_t line = 2; generator.next(row); ++line) {
            clicks::append_click_csv(row, false, text);
            if (line == 100 || line == 2'000) {
                text += std::string(line == 100 ? kNoAmount : kOpenQuote) + "\n";
            } else if (line == 1'000) {
                text += std::string("\r\n") + kNoType + "\r\n";
            }
        }
        return text + kCut;
    }
    // What the good rows of a text are as events.
    static std::multiset<std::string> events_in(const std::string& text) {
        clicks::ClickFile file([&, at = std::size_t{0}](std::span<char> room) mutable {
            const std::size_t size = text.copy(room.data(), room.size(), at);
            at += size;
            return size;
        });
        EXPECT_EQ(file.read_header(), "");
        std::multiset<std::string> events;
        clicks::ClickFile::Row row;
        while (file.next(row)) {
            const auto click = row.fault.empty() ? clicks::click_of(row.values) : row.fault;
            if (click) {
                events.insert(nlohmann::json::parse(click.value().json).dump());
            }
        }
        return events;
    }

    // Everything that a queue holds, taken out of it.
    template <class Each>
    void take_all(const std::string& queue, Each each) {
        client::QueueClient client(broker_.client_options());
        while (true) {
            dialogue::Receive receive;
            receive.queue = queue;
            receive.count = 1'000;
            const auto batch = client.receive(receive);
            ASSERT_TRUE(batch);
            if (batch.value().messages.empty()) {
                return;
            }
            for (const auto& message : batch.value().messages) {
                each(message);
            }
            ASSERT_TRUE(client.done(batch.value().receipt));
        }
    }
    std::multiset<std::string> sent_events() {
        std::multiset<std::string> events;
        take_all("clicks", [&](const dialogue::Delivery& message) {
            const auto body = nlohmann::json::parse(as_text(message.body));
            EXPECT_LE(body.size(), 100u);
            for (const auto& event : body) {
                events.insert(without_sending_time(event));
            }
        });
        return events;
    }
    // Reasons by raw line.
    std::multimap<std::string, std::string> dead_letters() {
        std::multimap<std::string, std::string> letters;
        take_all("dlq-clicks", [&](const dialogue::Delivery& message) {
            letters.emplace(as_text(message.body), message.reason);
        });
        return letters;
    }

    BrokerProcess broker_;
    test::TempFolder temp_;
};

const std::multimap<std::string, std::string>& expected_dead_letters() {
    static const std::multimap<std::string, std::string> letters{
        {kNoAmount,
         "line 101: price 'abc' is not an amount like 12.30, of at most 999999999999.99"},
        {kNoType,
         "line 1003: event_type 'look' is none of view, cart, remove_from_cart, purchase, search"},
        {kOpenQuote, "line 2004: a quote is not closed within 20 lines and 64 KiB"},
        {kCut, "line 3006: it is cut off: it has 2 columns of 9"}};
    return letters;
}

TEST_F(ProduceClicksTest, AFileIsTheSamePlainAndPackedAndItsBadRowsAreDeadLetters) {
    const std::string text = csv_with_bad_rows();
    const auto events = events_in(text);
    ASSERT_EQ(events.size(), kEvents);
    for (const std::string& file :
         {write("c.csv", text), write("c.csv.gz", clicks::gzipped(text)),
          write("c.csv.zst", clicks::zstd_packed(text)), std::string("-")}) {
        const Ended ended = produce({"--file", file, "--json"}, file == "-" ? text : "");
        EXPECT_EQ(ended.code, 8) << ended.err;
        EXPECT_EQ(ended.json()["events"], kEvents);
        EXPECT_EQ(ended.json()["bad_rows"], 4);
        EXPECT_EQ(ended.json()["blank_lines"], 1);
        EXPECT_EQ(ended.json()["messages"], 30 + 4);
        EXPECT_NE(ended.err.find("line 101: price 'abc' is not an amount"), std::string::npos);
        EXPECT_EQ(sent_events(), events);
        EXPECT_EQ(dead_letters(), expected_dead_letters());
    }
}

TEST_F(ProduceClicksTest, ARunThatIsKilledGoesOnWhereItWasAndNothingIsLost) {
    const std::string text = csv_with_bad_rows();
    const std::string file = write("c.csv.gz", clicks::gzipped(text));
    {
        const auto child = start({"--file", file, "--resume", path("place"), "--items", "10",
                                  "--batch", "2", "--rate", "200"});
        ASSERT_TRUE(await([&] {
            return std::filesystem::exists(path("place")) && broker_.messages("clicks") > 20;
        })) << child->said();
        child->signal(SIGKILL);
        EXPECT_EQ(child->wait(), 128 + SIGKILL);
    }
    const std::uint64_t before = broker_.messages("clicks");
    EXPECT_LT(before, kEvents / 10);
    const Ended ended = produce({"--file", file, "--resume", path("place"), "--json"});
    EXPECT_EQ(ended.code, 8) << ended.err;
    EXPECT_LT(ended.json()["events"], kEvents);  // It did not begin anew.
    const auto events = sent_events();
    const auto expected = events_in(text);
    EXPECT_EQ(std::set<std::string>(events.begin(), events.end()),
              std::set<std::string>(expected.begin(), expected.end()));
    const auto letters = dead_letters();
    for (const auto& letter : expected_dead_letters()) {
        EXPECT_NE(std::find(letters.begin(), letters.end(), letter), letters.end())
            << letter.second;
    }
    const Ended again = produce({"--file", file, "--resume", path("place"), "--json"});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(again.json()["messages"], 0);
}

TEST_F(ProduceClicksTest, AnotherFileThanTheRememberedOneIsAConflict) {
    const std::string file = write("c.csv", csv_with_bad_rows());
    EXPECT_EQ(produce({"--file", file, "--resume", path("place"), "-q"}).code, 8);
    write("c.csv", csv_with_bad_rows() + "\n");
    const Ended ended = produce({"--file", file, "--resume", path("place")});
    EXPECT_EQ(ended.code, 4);
    EXPECT_NE(ended.err.find("another file"), std::string::npos) << ended.err;
    EXPECT_EQ(produce({"--file", "-", "--resume", path("place")}).code, 2);
}

TEST_F(ProduceClicksTest, ARefusalEndsTheRunAndThePlaceStaysBeforeIt) {
    const std::string file = write("c.csv", csv_with_bad_rows());
    const std::vector<std::string> words{"--file", file,       "--queue",    "late",
                                         "--json", "--resume", path("place")};
    const Ended ended = produce(words);
    EXPECT_EQ(ended.code, 3) << ended.err;
    EXPECT_EQ(ended.json()["events"], 0);
    broker_.make_queue("late");
    EXPECT_EQ(produce(words).json()["events"], kEvents);
}

TEST_F(ProduceClicksTest, ADeadLetterThatIsRefusedIsSentByTheNextRun) {
    const std::string file = write("c.csv", csv_with_bad_rows());
    const std::vector<std::string> words{"--file",         file,   "--resume", path("place"),
                                         "--dead-letters", "late", "--json"};
    const Ended ended = produce(words);
    EXPECT_EQ(ended.code, 7) << ended.err;
    EXPECT_GT(ended.json()["events"], 0);
    broker_.make_queue("late");
    EXPECT_EQ(produce(words).code, 8);
    EXPECT_EQ(broker_.messages("late"), 4u);
}

TEST_F(ProduceClicksTest, AtAPaceWhatIsDueTogetherGoesTogether) {
    const auto row = [](const char* second) {
        return std::string("2026-11-19 10:00:") + second + " UTC,view,1,2,,,1.00,3,\n";
    };
    const auto began = std::chrono::steady_clock::now();
    const Ended ended =
        produce({"--file", "-", "--speed", "2", "--json"},
                clicks::click_csv_header(false) + row("00") + row("00") + row("02"));
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.json()["messages"], 2);
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST_F(ProduceClicksTest, WhatAPipeHasGivenIsSentWhileItPausesAndASignalEndsTheWait) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    const auto child = start({"--file", path("pipe")});
    std::ofstream pipe(path("pipe"));
    pipe << clicks::click_csv_header(false) << "2026-11-19 10:00:00 UTC,view,1,2,,,1.00,3,\nrest"
         << std::flush;
    EXPECT_TRUE(await([&] { return broker_.messages("clicks") == 1; })) << child->said();
    child->signal(SIGINT);
    EXPECT_EQ(child->wait(), 130);
}

TEST_F(ProduceClicksTest, WithoutABrokerTheSpoolKeepsAllAndThePlaceMovesOn) {
    const std::string text = csv_with_bad_rows();
    const std::string file = write("c.csv", text);
    const std::vector<std::string> words{"--file",      file,      "--resume",
                                         path("place"), "--spool", path("spool"),
                                         "--patience",  "0.3",     "--json"};
    broker_.kill();
    const Ended kept = produce(words);
    EXPECT_EQ(kept.code, 5) << kept.err;
    EXPECT_EQ(kept.json()["waiting"], 34);
    broker_.start();
    const Ended sent = produce(words);
    EXPECT_EQ(sent.code, 0) << sent.err;
    EXPECT_EQ(sent.json()["from_spool"], 34);
    EXPECT_EQ(sent_events(), events_in(text));
    EXPECT_EQ(dead_letters(), expected_dead_letters());
}

TEST_F(ProduceClicksTest, MadeUpEventsAreThoseOfTheirCsv) {
    const std::vector<std::string> made_up{"--generate", "500",        "--until", "2026-11-20",
                                           "--seed",     "4",          "--users", "50",
                                           "--searches", "--products", "60"};
    std::vector<std::string> to_csv = made_up;
    to_csv.insert(to_csv.end(), {"--csv", "-", "-q"});
    const Ended csv = produce(to_csv);
    EXPECT_EQ(csv.code, 0) << csv.err;
    EXPECT_EQ(produce(made_up).code, 0);
    const auto generated = sent_events();
    EXPECT_EQ(generated.size(), 500u);
    EXPECT_EQ(generated, events_in(csv.out));
    EXPECT_EQ(produce({"--file", "-"}, csv.out).code, 0);
    EXPECT_EQ(sent_events(), generated);
}

TEST_F(ProduceClicksTest, AnInputThatEndsInTheMiddleIsAnErrorAndWhatCameIsSent) {
    const std::string text = csv_with_bad_rows();
    const std::string packed = clicks::gzipped(text);
    const Ended ended = produce({"--file", "-", "--json"}, packed.substr(0, packed.size() / 2));
    EXPECT_EQ(ended.code, 1);
    EXPECT_NE(ended.json()["fault"].get<std::string>().find("cut off"), std::string::npos);
    EXPECT_GT(ended.json()["events"], 100);
    EXPECT_EQ(sent_events().size(), ended.json()["events"]);
}

TEST_F(ProduceClicksTest, ATopicMayTakeTheEvents) {
    ASSERT_EQ(run_program(broker_, {"esteira-ctl", "topic", "create", "visits"}).code, 0);
    ASSERT_EQ(run_program(broker_, {"esteira-ctl", "topic", "subscribe", "visits", "clicks"}).code,
              0);
    const Ended ended =
        produce({"--file", "-", "--queue", "visits", "--dead-letters", "dlq-clicks", "--json"},
                csv_with_bad_rows());
    EXPECT_EQ(ended.code, 8) << ended.err;
    EXPECT_EQ(sent_events().size(), kEvents);
    EXPECT_EQ(dead_letters().size(), 4u);
}

TEST_F(ProduceClicksTest, AWrongCommandLineIsUsage) {
    EXPECT_EQ(produce({}).code, 2);
    EXPECT_EQ(produce({"--file", "-", "--generate", "5"}).code, 2);
    EXPECT_EQ(produce({"--generate", "0"}).code, 2);
    EXPECT_EQ(produce({"--generate", "5", "--rate", "1", "--speed", "1"}).code, 2);
    EXPECT_EQ(produce({"--generate", "5", "--until", "2026-02-30"}).code, 2);
    EXPECT_EQ(produce({"--generate", "5", "--csv", "-", "--json"}).code, 2);
    EXPECT_EQ(produce({"--file", "-", "--csv", "-"}).code, 2);
    EXPECT_EQ(produce({"--file", path("none")}).code, 3);
}

}  // namespace
}  // namespace esteira::support

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/cli/progress.hpp"
#include "producers/clicks/click_file.hpp"
#include "producers/clicks/click_row.hpp"
#include "producers/clicks/generator.hpp"
#include "producers/clicks/input.hpp"
#include "producers/clicks/resume.hpp"
#include "producers/support/run.hpp"

namespace esteira::clicks {

inline constexpr std::size_t kItemsPerMessage = 100;  // Unless somebody asks for another number.
inline constexpr std::size_t kItemsPerMessageMax = 1'000;

struct Options {
    producers::RunOptions run;
    std::string file;  // "-": stdin. Empty: made up.
    GeneratorOptions generate;
    std::string csv;           // Where made-up events go instead; empty: they are sent.
    std::string dead_letters;  // Empty: "dlq-" and the queue.
    std::string resume;
    std::size_t items = kItemsPerMessage;
    double speed = 0;  // Times the pace of the events; 0: as fast as it goes.
    double rate = 0;   // Events a second, likewise.
};

// When an event is due, by the first one's time or by its number.
class Pace {
public:
    using Instant = std::chrono::steady_clock::time_point;

    Pace(double speed, double rate) : speed_(speed), rate_(rate) {}

    bool any() const { return speed_ > 0 || rate_ > 0; }
    // To be asked for every event, in their order.
    Instant due(std::chrono::sys_seconds event, Instant now);

private:
    double speed_;
    double rate_;
    std::optional<Instant> began_;
    std::chrono::sys_seconds first_{};
    std::uint64_t events_ = 0;
};

// One run: events from a file or made up, in messages, at their pace; rows that are none go to the
// dead letters, in the place where they stood.
class Sending {
public:
    explicit Sending(Options options);

    // The summary is told when this returns. data_quality: there were bad rows, and all else went
    // well.
    cli::ExitCode run();

private:
    // What one entry of a batch holds.
    struct Entry {
        std::uint64_t events = 0;
        std::uint64_t bytes = 0;
    };
    struct Batch {
        std::vector<Entry> entries;
        std::size_t untold = 0;  // Entries whose end is not known.
    };
    struct BadRow {
        std::string raw;
        std::string reason;
    };
    // What is read and not sent: one request of events, and one of dead letters.
    struct Open {
        std::vector<std::vector<Click>> messages;
        std::vector<BadRow> bad_rows;
        std::size_t message_bytes = 0;  // Of the last message.
        std::size_t bytes = 0;
        Pace::Instant first_due;
        Pace::Instant last_due;
    };

    void begin_at_kept_place();
    void send_all();
    void generate();
    void replay();
    void take(Click click);
    void take_bad(std::uint64_t line, std::string_view raw, const std::string& fault);
    void flush();
    void send_events(Place behind);
    void send_bad_rows(Place behind);
    void send(const dialogue::Send& send, std::vector<Entry> entries, Place behind);
    void wait_until(Pace::Instant time);
    void idle();
    void check();
    void told(const producers::BatchSender::Outcome& outcome);
    void save_place(bool at_once);
    void summarize() const;

    Options options_;
    cli::Progress progress_;
    producers::BatchSender sender_;
    Pace pace_;
    std::optional<ResumeFile> resume_;
    std::optional<Acknowledged> acknowledged_;
    Place read_;  // What was read, and is at least in open_.
    Place sent_;  // What was handed to the sender.
    Place saved_;
    std::chrono::steady_clock::time_point saved_at_{};
    Open open_;
    std::map<std::uint64_t, Batch> batches_;  // By tag.
    std::uint64_t next_tag_ = 1;
    bool refused_ = false;
    std::string input_fault_;
    std::uint64_t events_ = 0;  // That the broker has, with the bytes of their messages.
    std::uint64_t bytes_ = 0;
    std::uint64_t bad_rows_ = 0;
    std::uint64_t blank_lines_ = 0;
};

// Writes made-up events as CSV to options.csv.
cli::ExitCode write_csv(const Options& options);

}  // namespace esteira::clicks

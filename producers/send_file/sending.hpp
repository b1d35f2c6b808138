#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/cli/app.hpp"
#include "common/cli/progress.hpp"
#include "producers/send_file/envelope.hpp"
#include "producers/support/batch_sender.hpp"

namespace esteira::send_file {

struct Options {
    cli::Common common;
    std::string queue;
    std::filesystem::path file;  // Empty or "-": stdin.
    std::optional<std::string> body;
    std::string group;  // Of messages that say none.
    bool envelope = false;
    std::vector<std::byte> attributes;  // Of every message that is no envelope.
    bool verbose = false;
    bool flush = false;  // What the spool holds, and no input.
    std::uint32_t batch = 100;
    double rate = 0;  // Messages a second; 0: as fast as it goes.
    producers::SenderOptions sender;
};

// One run: input, batches, the sender, and what is told at the end.
class Sending {
public:
    explicit Sending(Options options);

    // Reads it all and sends it. The summary is on stdout when this returns, whatever the end was.
    cli::ExitCode run();

private:
    void read_input();
    void read_lines(int fd);
    void take(std::uint64_t line, Message message);
    void refuse(std::uint64_t line, const std::string& reason);
    void send_batch();
    void pace();
    bool idle();
    void told(const producers::BatchSender::Outcome& outcome);
    void summary(cli::ExitCode code, const std::string& fault) const;
    cli::ExitCode result() const;

    struct TakenOver {
        std::vector<std::uint64_t> lines;
        std::size_t untold = 0;  // Entries whose end is not known.
    };
    struct Batch {
        std::vector<Message> messages;
        std::vector<std::uint64_t> lines;
        std::size_t bytes = 0;
    };

    Options options_;
    cli::Progress progress_;
    producers::BatchSender sender_;
    Batch batch_;
    std::uint64_t next_tag_ = 1;
    std::map<std::uint64_t, TakenOver> taken_over_by_tag_;
    std::chrono::steady_clock::time_point started_;
    std::uint64_t taken_over_ = 0;  // Messages; of lines up to last_line_.
    std::uint64_t last_line_ = 0;
    std::uint64_t refused_lines_ = 0;
    std::uint64_t blank_lines_ = 0;
    std::uint64_t told_faults_ = 0;
};

}  // namespace esteira::send_file

#include "tests/integration/farm/killed_line.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include <gtest/gtest.h>

namespace esteira::support {

namespace fs = std::filesystem;

namespace {

std::uint64_t draw_seed() {
    const char* given = std::getenv("ESTEIRA_SEED");
    const std::uint64_t seed =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "seed " << seed << " (ESTEIRA_SEED)\n";
    return seed;
}

}  // namespace

KilledLine::KilledLine(Line line, std::size_t workers,
                       std::function<ChildOptions(LineFarm&)> producer)
    : seed_(draw_seed()),
      line_(std::move(line)),
      farm_(line_),
      workers_(workers),
      books_(farm_.broker().folder() + "/books"),
      producer_of_(std::move(producer)) {
    fs::create_directory(books_);
    for (std::size_t i = 0; i < workers_; ++i) {
        start_worker();
    }
}

void KilledLine::pause(std::size_t least_ms, std::size_t most_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(least_ms + below(most_ms - least_ms)));
}

void KilledLine::start_worker() {
    farm_.start_worker({"--visibility", "5", "--set", "workers." + line_.worker + ".batch_max=20"});
}

void KilledLine::start_producer() {
    producer_ = std::make_unique<ChildProcess>(producer_of_(farm_));
}

void KilledLine::await_producer() {
    ASSERT_EQ(producer_->wait(std::chrono::minutes(3)).value_or(-1), 0) << producer_->said();
}

void KilledLine::kill_something() {
    const std::size_t die = below(100);
    if (die < 40 || (die >= 90 && !producer_dies_)) {
        farm_.kill_worker(farm_.workers() - 1 - below(workers_));
        start_worker();
    } else if (die < 65) {
        farm_.broker().kill();
        pause(1, 300);
        farm_.broker().start();
    } else if (die < 90) {
        farm_.postgres().kill();
        pause(1, 500);
        farm_.postgres().start();
    } else {
        producer_->signal(SIGKILL);
        producer_->wait();
        start_producer();
    }
}

void KilledLine::live_through(int kills) {
    start_producer();
    for (int kill = 0; kill < kills; ++kill) {
        pause(100, 600);
        kill_something();
    }
    await_producer();
    drain();
}

void KilledLine::send_again() {
    start_producer();
    await_producer();
    drain();
}

void KilledLine::redrive() {
    ChildProcess control({{ESTEIRA_BIN_DIR "/esteira-ctl", "dlq", "redrive", "dlq-" + line_.queue},
                          {"ESTEIRA__BROKER__OPS_SOCKET=" + farm_.broker().ops_socket()},
                          farm_.broker().folder() + "/redrive.log"});
    EXPECT_EQ(control.wait(), 0) << control.said();
    drain();
}

void KilledLine::drain() {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(3);
    while (!farm_.drained()) {
        ASSERT_LT(std::chrono::steady_clock::now(), patience)
            << "it does not drain: " << farm_.said();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

void KilledLine::write_rows(const std::string& file, const char* sql) {
    auto connection = farm_.admin();
    const auto rows = connection.execute(sql);
    std::ofstream out(books_ + "/" + file);
    for (int row = 0; row < rows.count(); ++row) {
        out << rows.text(row, 0) << '\n';
    }
}

void KilledLine::check(const std::string& checker) {
    farm_.write_dead_letters(books_ + "/dead.jsonl");
    ChildProcess process(
        {{ESTEIRA_PYTHON, "-B", ESTEIRA_SOURCE_DIR "/tests/integration/" + checker, books_},
         {},
         farm_.broker().folder() + "/report"});
    EXPECT_EQ(process.wait(std::chrono::minutes(2)).value_or(-1), 0) << process.said();
    std::cout << process.said();
}

std::string KilledLine::keep(const std::string& name) const {
    const fs::path kept = name + "-" + std::to_string(seed_);
    fs::copy(books_, kept, fs::copy_options::recursive);
    std::ofstream(kept / "workers.log") << farm_.said();
    return fs::absolute(kept);
}

}  // namespace esteira::support

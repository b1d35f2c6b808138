#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/integration/farm/line_farm.hpp"

// A line whose parts are killed at random while a producer's program sends.
namespace esteira::support {

class KilledLine {
public:
    // `producer`: the program's command line and environment; what it could not send it finds in
    // its spool when it is started again.
    KilledLine(Line line, std::size_t workers, std::function<ChildOptions(LineFarm&)> producer);

    // ESTEIRA_SEED, else one of its own, which is printed.
    std::uint64_t seed() const { return seed_; }
    LineFarm& farm() { return farm_; }
    // For what the checker reads.
    const std::string& books() const { return books_; }

    // The producer is not killed: what it sends twice counts twice.
    void spare_producer() { producer_dies_ = false; }

    // Starts the producer and kills workers, broker, database and producer, `kills` in all, then
    // waits until the producer has ended and the queue is empty. Fails the test otherwise.
    void live_through(int kills);
    // The producer once more from its beginning, with nothing killed.
    void send_again();
    void redrive();
    // Each row of `sql` is a line of books()/file.
    void write_rows(const std::string& file, const char* sql);
    // Runs a checker of tests/integration over books(); fails the test with what it says.
    void check(const std::string& checker);
    // Copies books and logs beside the test; gives the folder.
    std::string keep(const std::string& name) const;

private:
    std::size_t below(std::size_t bound) { return random_() % bound; }
    void pause(std::size_t least_ms, std::size_t most_ms);
    void start_worker();
    void start_producer();
    void await_producer();
    void kill_something();
    void drain();

    std::uint64_t seed_;
    std::mt19937_64 random_{seed_};
    Line line_;
    LineFarm farm_;
    std::size_t workers_;
    std::string books_;
    std::function<ChildOptions(LineFarm&)> producer_of_;
    std::unique_ptr<ChildProcess> producer_;
    bool producer_dies_ = true;
};

}  // namespace esteira::support

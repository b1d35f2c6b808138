// The load that every queue benchmark offers, whichever queue is behind it: Esteira and each peer
// take the same options, stamp the same bodies and pace their sends in the same way.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace esteira::bench {

// Nanoseconds of CLOCK_MONOTONIC: the same clock in every process of this machine.
using Nanos = std::int64_t;
Nanos monotonic_now();

struct Load {
    std::string mode = "both";      // "both": as fast as it goes; "latency": at `rate`.
    std::uint32_t batch = 10;       // Messages in one send request.
    std::uint32_t inflight = 16;    // Send requests without an answer yet.
    std::uint32_t receive = 100;    // Messages asked for in one receive.
    std::uint32_t receives = 1;     // Receives outstanding at the same time.
    std::uint64_t count = 400'000;  // Messages of the run; a multiple of `batch`.
    std::uint32_t rate = 0;    // Messages a second; 0: no pacing ("latency" defaults to 2,000).
    std::uint32_t body = 200;  // Bytes of one body, at least kStampBytes.
    std::uint32_t patience_s = 20;  // Without progress for so long the run has failed.
    bool json = false;              // One JSON line instead of a sentence.

    std::uint64_t batches() const { return count / batch; }
};

// Adds the options above to `app`. `check_load` is called after parsing: it fills the defaults of
// the mode and throws CLI::ValidationError for a load that cannot be run.
void add_load_options(CLI::App& app, Load& load);
void check_load(Load& load);

// The first bytes of a body: the message's number (0 to count-1) and when it was meant to be sent.
inline constexpr std::size_t kStampBytes = 16;
struct Stamp {
    std::uint64_t number;
    Nanos intended;
};
void write_stamp(char* body, Stamp stamp);
Stamp read_stamp(const char* body);

// What stands behind the stamp: text that looks like a stock position, `load.body` bytes in all.
std::string make_body(const Load& load);

// When each batch is to be sent. Without a rate: now. With one: at its place in the timetable,
// whether the queue keeps up or not, so that a stall shows as latency and is not hidden.
class Timetable {
public:
    Timetable(const Load& load, Nanos start);

    // The moment at which batch `index` (from 0) is due; with no rate, always in the past.
    Nanos due(std::uint64_t index) const;
    bool paced() const { return interval_ > 0; }

private:
    Nanos start_;
    double interval_ = 0;
};

}  // namespace esteira::bench

#include "broker/control/redrive.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "common/cli/format.hpp"
#include "common/cli/progress.hpp"

namespace esteira::control {

namespace {

constexpr std::uint64_t kSlice = 100;
constexpr std::uint64_t kSliceMax = 1000;

struct Moved {
    std::uint64_t moved = 0;
    std::uint64_t skipped = 0;  // Of the last slice: the ones in front that cannot be moved.
    std::uint64_t left = 0;
    std::string reason;
};

void tell(const std::string& queue, const Moved& result, const cli::Common& common) {
    if (common.json) {
        cli::print_json({{"queue", queue},
                         {"moved", result.moved},
                         {"skipped", result.skipped},
                         {"reason", result.reason},
                         {"left", result.left}});
        return;
    }
    std::printf("%s moved, %s left in %s\n", cli::human_count(result.moved).c_str(),
                cli::human_count(result.left).c_str(), queue.c_str());
    if (result.skipped > 0) {
        cli::say(cli::human_count(result.skipped) + " could not be moved: " + result.reason);
    }
}

}  // namespace

double rate_of(const std::string& text) {
    if (text.empty()) {
        return 0;
    }
    std::size_t used = 0;
    double rate = 0;
    try {
        rate = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    const std::string unit = text.substr(used);
    if (used == 0 || !(rate > 0) || rate > 1e9 || (!unit.empty() && unit != "/s" && unit != "/m")) {
        throw cli::Failure{cli::ExitCode::usage, "a rate is 50/s or 600/m, not " + text};
    }
    return unit == "/m" ? rate / 60 : rate;
}

cli::ExitCode redrive(OpsClient& ops, const Json& arguments, const std::string& rate,
                      const cli::Common& common) {
    const double per_second = rate_of(rate);
    const std::string queue = arguments["queue"];
    const std::uint64_t there = ask(ops, "queue.show", {{"queue", queue}})["messages"];
    const std::uint64_t total = std::min(there, arguments.value("count", there));
    cli::Progress progress("redrive " + queue, total, "messages", cli::Progress::mode_for(common));
    Moved result;
    result.left = there;
    std::uint64_t slice = kSlice;
    if (per_second > 0) {
        slice = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(per_second / 4), 1, kSlice);
    }
    auto next = std::chrono::steady_clock::now();
    while (result.moved < total) {
        std::this_thread::sleep_until(next);
        Json request = arguments;
        request["count"] = std::min(slice, total - result.moved + result.skipped);
        const Json answer = ask(ops, "dlq.redrive", request);
        const std::uint64_t moved = answer["moved"];
        result.skipped = answer["skipped"];
        result.reason = answer["reason"];
        result.left = answer["left"];
        result.moved += moved;
        progress.update(result.moved);
        if (moved == 0) {
            // Only such as cannot be moved stand in front: look behind them, as far as one may.
            const bool looked_at_all = result.skipped < request["count"].get<std::uint64_t>() ||
                                       result.left <= result.skipped || slice == kSliceMax;
            if (looked_at_all) {
                break;
            }
            slice = kSliceMax;
        }
        if (per_second > 0) {
            next += std::chrono::microseconds(
                static_cast<std::int64_t>(1e6 * static_cast<double>(moved) / per_second));
        }
    }
    progress.finish();
    tell(queue, result, common);
    return result.skipped > 0 ? cli::ExitCode::partial : cli::ExitCode::ok;
}

}  // namespace esteira::control

// Whether a broker would start on this journal, and with what in it.
#include <cstdio>
#include <set>

#include "broker/server/engine_tools.hpp"
#include "broker/server/journal_tool/room.hpp"
#include "common/cli/format.hpp"

namespace esteira::journal_tool {

namespace {

using journal::FrameKind;
using journal::InspectedFrame;
using journal::LogReport;
using journal::SegmentReport;
using journal::Verdict;

std::string hex_of(std::uint64_t number) {
    std::array<char, 20> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
    return text.data();
}

// Where it is not as it should be; torn tails are no fault.
std::vector<std::string> faults_in(const LogReport& log) {
    std::vector<std::string> faults;
    for (const SegmentReport& segment : log.segments) {
        if (segment.verdict == Verdict::damaged) {
            faults.push_back(segment.name + ":" + std::to_string(segment.at) + ": " +
                             segment.reason);
        }
    }
    if (!log.reason.empty()) {
        faults.push_back(log.reason);
    }
    return faults;
}

struct Replay {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
    std::uint64_t digest = 0;
    std::uint64_t messages = 0;
    std::size_t queues = 0;
    std::string fault;
};

Replay replay(const Options& options, const LogReport& log) {
    std::set<std::uint32_t> skipped;
    for (const SegmentReport& segment : log.segments) {
        if (segment.verdict == Verdict::unused) {
            skipped.insert(segment.chunk);
        }
    }
    NoLog no_log;
    const broker::EngineTools tools;
    engine::Engine engine(no_log, tools, 0);
    StateParts parts;
    Replay result;
    inspect(options, [&](const InspectedFrame& frame) {
        if (skipped.contains(frame.chunk) || !result.fault.empty()) {
            return;
        }
        ++result.frames;
        result.bytes += frame.header.bytes();
        try {
            if (const auto state = parts.add(frame)) {
                engine.load_state(frame.chunk, *state);
            }
            if (frame.header.kind == FrameKind::events) {
                engine.replay_frame({frame.chunk, frame.at + journal::kFrameHeaderBytes},
                                    frame.header.time, frame.payload);
            }
        } catch (const engine::BrokenLog& broken) {
            result.fault = place_of(frame) + ": " + broken.what();
        }
    });
    result.digest = engine.digest();
    result.queues = engine.queue_names().size();
    for (const auto& [name, number] : engine.queue_names()) {
        result.messages += engine.find_queue(name)->messages();
    }
    return result;
}

std::vector<std::string> torn_tails(const LogReport& log) {
    std::vector<std::string> tails;
    for (const SegmentReport& segment : log.segments) {
        if (segment.verdict == Verdict::torn) {
            tails.push_back(segment.name + ":" + std::to_string(segment.at) + ": " +
                            segment.reason);
        }
    }
    return tails;
}

}  // namespace

cli::ExitCode verify(const Options& options) {
    const LogReport log = inspect(options);
    std::vector<std::string> faults = faults_in(log);
    if (faults.empty() && !log.sound()) {
        faults.push_back(options.data + ": the log is not whole");
    }
    Replay replayed;
    if (faults.empty()) {
        replayed = replay(options, log);
        if (!replayed.fault.empty()) {
            faults.push_back(replayed.fault);
        }
    }
    const bool sound = faults.empty();
    const std::vector<std::string> tails = torn_tails(log);
    if (options.common.json) {
        cli::print_json({{"verdict", sound ? "sound" : "damaged"},
                         {"faults", faults},
                         {"torn_tails", tails},
                         {"first_chunk", log.first_chunk},
                         {"frames", replayed.frames},
                         {"bytes", replayed.bytes},
                         {"queues", replayed.queues},
                         {"messages", replayed.messages},
                         {"digest", hex_of(replayed.digest)}});
    } else {
        for (const std::string& tail : tails) {
            cli::say("torn tail, a start would cut here: " + tail);
        }
        for (const std::string& fault : faults) {
            std::printf("damaged: %s\n", cli::visible(fault).c_str());
        }
        if (sound) {
            std::printf("sound: %s frames, %s, %s messages in %s queues, digest %s\n",
                        cli::human_count(replayed.frames).c_str(),
                        cli::human_bytes(replayed.bytes).c_str(),
                        cli::human_count(replayed.messages).c_str(),
                        cli::human_count(replayed.queues).c_str(), hex_of(replayed.digest).c_str());
        }
    }
    return sound ? cli::ExitCode::ok : cli::ExitCode::journal_damaged;
}

}  // namespace esteira::journal_tool

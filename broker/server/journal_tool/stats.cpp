// How the bytes of a journal are spread over its segments.
#include <array>

#include "broker/server/journal_tool/room.hpp"
#include "common/cli/format.hpp"
#include "common/cli/json_text.hpp"
#include "common/cli/table.hpp"

namespace esteira::journal_tool {

namespace {

using journal::SegmentReport;

struct Sums {
    std::uint64_t file_bytes = 0;
    std::uint64_t frames = 0;
    std::uint64_t state_bytes = 0;
    std::uint64_t event_bytes = 0;
};

nlohmann::json json_of(const SegmentReport& segment) {
    return {{"file", segment.name},
            {"chunk", segment.chunk},
            {"verdict", to_string(segment.verdict)},
            {"reason", segment.reason},
            {"good_until", segment.at},
            {"file_bytes", segment.file_bytes},
            {"frames", segment.frames},
            {"state_bytes", segment.state_bytes},
            {"event_bytes", segment.event_bytes},
            {"first_batch", segment.first_batch},
            {"last_batch", segment.last_batch},
            {"first_time", cli::json_of(segment.first_time.wall)},
            {"last_time", cli::json_of(segment.last_time.wall)}};
}

std::string time_of(const SegmentReport& segment, WallTime time) {
    return segment.frames == 0 ? "-" : cli::json_of(time).get<std::string>();
}

}  // namespace

cli::ExitCode stats(const Options& options) {
    const journal::LogReport log = inspect(options);
    Sums sums;
    nlohmann::json list = nlohmann::json::array();
    using cli::Align;
    cli::Table table{{{"file"},
                      {"state"},
                      {"frames", Align::right},
                      {"states", Align::right},
                      {"events", Align::right},
                      {"file size", Align::right},
                      {"first"},
                      {"last"}}};
    for (const SegmentReport& segment : log.segments) {
        sums.file_bytes += segment.file_bytes;
        sums.frames += segment.frames;
        sums.state_bytes += segment.state_bytes;
        sums.event_bytes += segment.event_bytes;
        list.push_back(json_of(segment));
        table.row({segment.name, to_string(segment.verdict), cli::human_count(segment.frames),
                   cli::human_bytes(segment.state_bytes), cli::human_bytes(segment.event_bytes),
                   cli::human_bytes(segment.file_bytes), time_of(segment, segment.first_time.wall),
                   time_of(segment, segment.last_time.wall)});
    }
    if (options.common.json) {
        cli::print_json({{"segments", std::move(list)},
                         {"first_chunk", log.first_chunk},
                         {"sound", log.sound()},
                         {"reason", log.reason},
                         {"file_bytes", sums.file_bytes},
                         {"frames", sums.frames},
                         {"state_bytes", sums.state_bytes},
                         {"event_bytes", sums.event_bytes}});
        return cli::ExitCode::ok;
    }
    table.row({"all", log.sound() ? "sound" : "damaged", cli::human_count(sums.frames),
               cli::human_bytes(sums.state_bytes), cli::human_bytes(sums.event_bytes),
               cli::human_bytes(sums.file_bytes)});
    table.print();
    return cli::ExitCode::ok;
}

}  // namespace esteira::journal_tool

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "common/cli/format.hpp"
#include "producers/clicks/sending.hpp"

namespace esteira::clicks {

namespace {

constexpr std::size_t kWrittenAtOnce = 1 << 20;

[[noreturn]] void fail(const std::string& path) {
    throw cli::Failure(cli::ExitCode::error, path + ": " + std::strerror(errno));
}

}  // namespace

cli::ExitCode write_csv(const Options& options) {
    const bool to_stdout = options.csv == "-";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> own(
        to_stdout ? nullptr : std::fopen(options.csv.c_str(), "wbe"), &std::fclose);
    std::FILE* file = to_stdout ? stdout : own.get();
    if (file == nullptr) {
        fail(options.csv);
    }
    cli::Progress progress("write clicks", options.generate.events, "events",
                           cli::Progress::mode_for(options.run.common));
    Generator generator(options.generate);
    std::string text = click_csv_header(options.generate.searches);
    std::uint64_t bytes = 0;
    std::uint64_t events = 0;
    const auto write = [&] {
        if (std::fwrite(text.data(), 1, text.size(), file) != text.size()) {
            fail(options.csv);
        }
        bytes += text.size();
        text.clear();
        progress.update(events);
    };
    ClickRow row;
    while (generator.next(row)) {
        append_click_csv(row, options.generate.searches, text);
        ++events;
        if (text.size() >= kWrittenAtOnce) {
            write();
        }
        if (producers::interrupted()) {
            return cli::ExitCode::interrupted;
        }
    }
    write();
    if (std::fflush(file) != 0) {
        fail(options.csv);
    }
    progress.finish();
    if (options.run.common.json) {
        cli::print_json({{"events", events}, {"bytes", bytes}});
    } else if (!options.run.common.quiet) {
        cli::say("wrote " + cli::human_count(events) + " events, " + cli::human_bytes(bytes));
    }
    return cli::ExitCode::ok;
}

}  // namespace esteira::clicks

// esteira-produce-clicks: what a shop's visitors do, replayed from a file or made up.
#include <chrono>
#include <string>

#include "common/cli/checks.hpp"
#include "producers/clicks/sending.hpp"

namespace {

using namespace esteira;
using cli::ExitCode;

std::chrono::sys_days midnight_of(const std::string& text) {
    if (text.empty()) {
        return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    }
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    char more = 0;
    const bool read = text.size() == 10 &&
                      std::sscanf(text.c_str(), "%4d-%2u-%2u%c", &year, &month, &day, &more) == 3;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    // The first of the events may be some years before it, and none is before 2000.
    if (!read || !date.ok() || date.year() < std::chrono::year(2000)) {
        throw cli::Failure(ExitCode::usage, "--until is a date like 2026-11-20");
    }
    return date;
}

void add_file_flags(CLI::App& app, clicks::Options& options) {
    app.add_option("--file", options.file, "CSV of events, plain, gzip or zstd; - is stdin")
        ->type_name("FILE");
    app.add_option("--dead-letters", options.dead_letters,
                   "Where rows go that are no events [dlq-QUEUE]")
        ->check(cli::queue_name());
    app.add_option("--resume", options.resume,
                   "Remembers in FILE how far the input was sent, and goes on there")
        ->type_name("FILE")
        ->needs("--file");
}

void add_generator_flags(CLI::App& app, clicks::Options& options, std::string& until) {
    clicks::GeneratorOptions& made_up = options.generate;
    app.add_option("--generate", made_up.events, "So many made-up events instead of a file's")
        ->check(cli::whole_number(1, clicks::kGeneratedEventsMax))
        ->excludes("--file");
    const auto add = [&](const char* name, auto& value, const char* what, std::uint64_t most) {
        app.add_option(name, value, what)
            ->check(cli::whole_number(name == std::string("--seed") ? 0 : 1, most))
            ->needs("--generate")
            ->capture_default_str();
    };
    add("--days", made_up.days, "That they are spread over", clicks::kGeneratedDaysMax);
    app.add_option("--until", until, "The day behind the last of them [today, UTC]")
        ->type_name("DATE")
        ->needs("--generate");
    add("--users", made_up.users, "Who visit", clicks::kGeneratedUsersMax);
    add("--products", made_up.products, "That they look at", clicks::kGeneratedProductsMax);
    add("--seed", made_up.seed, "Other events for each", cli::kWholeNumberMax);
    app.add_flag("--searches", made_up.searches, "Some visitors search first: a column more")
        ->needs("--generate");
    app.add_option("--csv", options.csv, "Write them to FILE instead of sending them; - is stdout")
        ->type_name("FILE")
        ->needs("--generate");
}

ExitCode produce(clicks::Options options, const std::string& until) {
    if (options.file.empty() && options.generate.events == 0) {
        throw cli::Failure(ExitCode::usage, "--file or --generate says which events");
    }
    if (!options.resume.empty() && options.file == "-") {
        throw cli::Failure(ExitCode::usage, "--resume needs a file, which stdin is not");
    }
    if (options.csv == "-" && options.run.common.json) {
        throw cli::Failure(ExitCode::usage, "--csv - and --json both want stdout");
    }
    options.generate.until = midnight_of(until);
    if (options.generate.until - std::chrono::days(options.generate.days) <
        std::chrono::sys_days(std::chrono::year(2000) / 1 / 1)) {
        throw cli::Failure(ExitCode::usage, "--days go back before 2000-01-01");
    }
    if (!options.csv.empty()) {
        return clicks::write_csv(options);
    }
    if (options.dead_letters.empty()) {
        options.dead_letters = "dlq-" + options.run.queue;
    }
    producers::load_settings(options.run, "esteira-produce-clicks");
    return clicks::Sending(std::move(options)).run();
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Sends what visitors of a shop do: views, carts, purchases, searches.",
                 "esteira-produce-clicks"};
    clicks::Options options;
    cli::prepare(app, options.run.common,
                 {"esteira-produce-clicks --file 2026-11.csv.gz --resume 2026-11.place",
                  "esteira-produce-clicks --file 2026-11.csv --speed 60",
                  "esteira-produce-clicks --generate 100000 --days 7 --rate 2000",
                  "esteira-produce-clicks --generate 1000000 --seed 7 --csv clicks.csv"});
    std::string until;
    add_file_flags(app, options);
    add_generator_flags(app, options, until);
    app.add_option("--items", options.items, "Events in one message, at most")
        ->check(cli::whole_number(1, clicks::kItemsPerMessageMax))
        ->capture_default_str();
    auto* speed = app.add_option("--speed", options.speed,
                                 "Times the pace of the events; as fast as it goes if 0");
    speed->check(cli::decimal_number(0, 1e9));
    app.add_option("--rate", options.rate, "Events a second, at most; as fast as it goes if 0")
        ->check(cli::decimal_number(0, 1e9))
        ->excludes(speed);
    producers::add_flags(app, options.run, "clicks");
    producers::listen_to_signals();
    return cli::run(app, argc, argv, [&] { return produce(std::move(options), until); });
}

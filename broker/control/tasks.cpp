#include "broker/control/tasks.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "common/cli/format.hpp"
#include "common/cli/progress.hpp"
#include "common/cli/table.hpp"

namespace esteira::control {

namespace {

using cli::human_count;
using std::chrono::milliseconds;

constexpr milliseconds kFirstLook{10};
constexpr milliseconds kLookEvery{250};

volatile std::sig_atomic_t interrupted = 0;

std::string done_word(const Json& task) {
    const bool redrives = task["kind"] == "redrive";
    if (task["dry_run"].get<bool>()) {
        return redrives ? "would be moved" : "would be dropped";
    }
    return redrives ? "moved" : "dropped";
}

std::string number_of(const Json& task) {
    return std::to_string(task["task"].get<std::uint64_t>());
}

std::string skipped_of(const Json& task) {
    std::string words;
    for (const auto& [why, count] : task["skipped_by"].items()) {
        words += (words.empty() ? "" : ", ") + human_count(count.get<std::uint64_t>()) + " " + why;
    }
    return words.empty() ? "-" : words;
}

cli::ExitCode exit_code_of_task(const Json& task) {
    if (task["status"] == "FAILED") {
        return cli::ExitCode::error;
    }
    if (task["status"] == "CANCELLED") {
        return cli::ExitCode::conflict;
    }
    const std::uint64_t filtered = task["skipped_by"].value("filtered", std::uint64_t{0});
    const bool all = task["skipped"].get<std::uint64_t>() == filtered;
    return all ? cli::ExitCode::ok : cli::ExitCode::partial;
}

// The task as it is now.
Json look_at(OpsClient& ops, const Json& task) {
    const Json tasks = ask(ops, "dlq.tasks", {{"queue", task["queue"]}})["tasks"];
    const auto at = std::find_if(tasks.begin(), tasks.end(),
                                 [&](const Json& other) { return other["task"] == task["task"]; });
    if (at == tasks.end()) {
        throw cli::Failure{cli::ExitCode::not_found,
                           "task " + number_of(task) + " is not remembered any more"};
    }
    return *at;
}

}  // namespace

void show_task(const Json& task) {
    std::printf("task %s %s: %s %s", number_of(task).c_str(),
                task["status"].get<std::string>().c_str(),
                human_count(task["moved"].get<std::uint64_t>()).c_str(), done_word(task).c_str());
    if (task["skipped"].get<std::uint64_t>() > 0) {
        std::printf(", %s stay (%s)", human_count(task["skipped"].get<std::uint64_t>()).c_str(),
                    skipped_of(task).c_str());
    }
    if (!task["messages"].is_null()) {
        std::printf("; %s are in %s", human_count(task["messages"].get<std::uint64_t>()).c_str(),
                    task["queue"].get<std::string>().c_str());
    }
    std::printf("\n");
    for (const Json& example : task["examples"]) {
        const bool goes = example["outcome"] == "moved";
        const std::string what =
            goes ? example["to"].get<std::string>() : example["reason"].get<std::string>();
        std::printf("  %s  %s%s\n", example["id"].get<std::string>().c_str(),
                    goes ? done_word(task).c_str() : example["outcome"].get<std::string>().c_str(),
                    cli::visible((what.empty() ? ""
                                  : goes       ? " to "
                                               : ": ") +
                                 what)
                        .c_str());
    }
    if (!task["failure"].get<std::string>().empty()) {
        cli::say(task["failure"].get<std::string>());
    }
}

void show_tasks(const Json& result) {
    using cli::Align;
    cli::Table table{{{"task", Align::right},
                      {"queue"},
                      {"what"},
                      {"status"},
                      {"moved", Align::right},
                      {"left", Align::right},
                      {"stay"},
                      {"started"},
                      {"filter"}}};
    for (const Json& task : result["tasks"]) {
        std::string what = task["kind"].get<std::string>();
        what += task["dry_run"].get<bool>() ? ", dry run" : "";
        what += task["to"].is_null() ? "" : " to " + task["to"].get<std::string>();
        table.row({number_of(task), task["queue"].get<std::string>(), what,
                   task["status"].get<std::string>(),
                   human_count(task["moved"].get<std::uint64_t>()),
                   human_count(task["left"].get<std::uint64_t>()), skipped_of(task),
                   task["started_at"].get<std::string>(), task["filter"].get<std::string>()});
    }
    table.print();
}

cli::ExitCode run_task(OpsClient& ops, const std::string& command, const Json& arguments, bool wait,
                       const cli::Common& common) {
    Json task = ask(ops, command, arguments);
    const std::string queue = task["queue"];
    const std::string verb = task["kind"].get<std::string>();
    const std::string how_to_go_on = "task " + number_of(task) + " goes on; `esteira dlq tasks " +
                                     queue + "` shows it, `esteira dlq cancel " + number_of(task) +
                                     "` ends it";
    const auto tell = [&] {
        if (common.json) {
            cli::print_json(task);
        } else {
            show_task(task);
        }
    };
    if (!wait) {
        tell();
        if (!common.quiet) {
            cli::say(how_to_go_on);
        }
        return cli::ExitCode::ok;
    }
    std::signal(SIGINT, [](int) { interrupted = 1; });
    {
        cli::Progress progress(verb + " " + queue, task["left"].get<std::uint64_t>(), "messages",
                               cli::Progress::mode_for(common));
        milliseconds pause = kFirstLook;
        while (task["status"] == "RUNNING" && interrupted == 0) {
            std::this_thread::sleep_for(pause);
            pause = std::min(pause * 2, kLookEvery);
            task = look_at(ops, task);
            progress.update(task["moved"].get<std::uint64_t>() +
                            task["skipped"].get<std::uint64_t>());
        }
        progress.finish();
    }
    if (task["status"] == "RUNNING") {
        cli::say(how_to_go_on);
        return cli::ExitCode::interrupted;
    }
    tell();
    return exit_code_of_task(task);
}

}  // namespace esteira::control

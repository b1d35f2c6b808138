#pragma once

#include "broker/control/ask.hpp"

// Redrives and drops are tasks of the broker: this starts one and follows it, and lists them.
namespace esteira::control {

// Asks `command` (dlq.redrive, dlq.drop) to start a task, follows it to its end with progress, and
// tells what became of it: 7 when messages could not be moved, 1 when it failed, 4 when somebody
// cancelled it. Ctrl-C ends the following, not the task (130).
cli::ExitCode run_task(OpsClient& ops, const std::string& command, const Json& arguments, bool wait,
                       const cli::Common& common);

// For people.
void show_tasks(const Json& result);
void show_task(const Json& task);

}  // namespace esteira::control

// esteira-worker-<type>: takes messages from a queue, hands them to the one handler that is linked
// in, and settles them. ESTEIRA_WORKER_TYPE is set by the build.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include <sys/resource.h>
#include <sys/signalfd.h>

#include "common/base/limits.hpp"
#include "common/cli/app.hpp"
#include "common/config/config.hpp"
#include "common/config/flags.hpp"
#include "common/logging/logging.hpp"
#include "workers/runtime/worker.hpp"

namespace esteira::runtime {
namespace {

using cli::ExitCode;

const std::string kType = ESTEIRA_WORKER_TYPE;
const std::string kProgram = "esteira-worker-" + kType;

// What may be said on the command line; the rest is the configuration's.
struct Flags {
    std::string name = kProgram;
    std::string queue;
    std::uint32_t batch = 0;
    std::int64_t visibility_s = 0;
    double until_empty_s = 0;
    bool once = false;
};

// SIGTERM and SIGINT as something to poll for. Before any thread starts, so that all inherit it.
int stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Bodies are the users' data: no core files.
void harden_process() {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
}

void add_flags(CLI::App& app, Flags& flags) {
    app.add_option("--name", flags.name, "What the broker shows it as")
        ->check([](const std::string& name) {
            const bool fits = !name.empty() && name.size() <= limits::kNameBytesMax;
            return std::string(fits ? "" : "a name has 1 to 128 bytes");
        });
    app.add_option("--queue", flags.queue, "Where the messages come from")->type_name("NAME");
    app.add_option("--batch", flags.batch, "Messages of one receive")
        ->check(CLI::Range(1U, limits::kReceiveCountMax));
    app.add_option("--visibility", flags.visibility_s,
                   "Seconds that a message which this worker holds is hidden from others, should "
                   "it fall silent")
        ->check(CLI::Range(2, 43'200));
    auto* until = app.add_option("--until-empty", flags.until_empty_s,
                                 "End when the queue has given nothing for this many seconds")
                      ->check(CLI::Range(0.1, 3600.0));
    app.add_flag("--once", flags.once, "The same as --until-empty 1")->excludes(until);
}

Options options_of(const config::Config& config, const Flags& flags) {
    const auto section = config.workers.find(kType);
    if (section == config.workers.end()) {
        throw Misconfigured("there is no section [workers." + kType + "]");
    }
    const config::Workers& set = section->second;
    Options options;
    options.endpoint = config.broker.endpoint;
    options.name = flags.name;
    options.pool = kType;
    options.queue = flags.queue.empty() ? set.queue : flags.queue;
    options.batch_max = flags.batch != 0 ? flags.batch : static_cast<std::uint32_t>(set.batch_max);
    options.batch_min = static_cast<std::uint32_t>(set.batch_min);
    options.window = std::chrono::seconds(set.window_s);
    options.visibility =
        std::chrono::seconds(flags.visibility_s != 0 ? flags.visibility_s : set.visibility_s);
    options.drain = std::chrono::seconds(set.drain_s);
    options.probe_most = std::chrono::seconds(set.probe_s_max);
    if (flags.once) {
        options.until_empty = std::chrono::seconds(1);
    } else if (flags.until_empty_s > 0) {
        options.until_empty =
            std::chrono::ceil<Millis>(std::chrono::duration<double>(flags.until_empty_s));
    }
    if (options.queue.empty()) {
        throw Misconfigured("[workers." + kType + "] queue is not set");
    }
    return options;
}

ExitCode code_of(Ending ending) {
    switch (ending) {
        case Ending::misconfigured:
            return ExitCode::configuration;
        case Ending::interrupted:
            return ExitCode::interrupted;
        case Ending::stopped:
        case Ending::emptied:
        case Ending::abandoned:
            break;
    }
    return ExitCode::ok;
}

ExitCode serve(const config::Config& config, const Flags& flags, const cli::Common& common,
               int stop_fd) {
    const Options options = options_of(config, flags);
    SystemClock clock;
    const auto handler = make_handler(config, clock);
    Worker worker(options, *handler, stop_fd);
    logging::info("worker_started", {{"name", options.name},
                                     {"queue", options.queue},
                                     {"endpoint", options.endpoint},
                                     {"batch_max", options.batch_max},
                                     {"visibility_ms", options.visibility.count()},
                                     {"pid", getpid()}});
    const Ending ending = worker.run();
    log_stats("worker_" + std::string(name_of(ending)), worker.stats());
    if (common.json) {
        std::printf("%s\n", to_json(worker.stats(), name_of(ending)).c_str());
    }
    if (ending == Ending::abandoned || ending == Ending::interrupted) {
        // The handler may never come back; its transaction ends with the connection.
        std::fflush(nullptr);
        std::_Exit(cli::number(code_of(ending)));
    }
    return code_of(ending);
}

int main(int argc, char** argv) {
    harden_process();
    const int stop_fd = stop_signals();
    CLI::App app{"A worker of the type " + kType + ": from a queue of the broker to its store."};
    cli::Common common;
    config::Sources sources;
    Flags flags;
    cli::prepare(app, common, {kProgram, kProgram + " --queue stock --until-empty 2 --json"});
    config::add_flags(app, sources);
    add_flags(app, flags);
    return cli::run(app, argc, argv, [&] {
        try {
            const config::Loaded loaded = config::load(sources);
            logging::start(
                {.program = kProgram, .level = *logging::level_named(loaded.config.log.level)});
            return serve(loaded.config, flags, common, stop_fd);
        } catch (const config::ConfigError& error) {
            throw cli::Failure(ExitCode::configuration, error.what());
        } catch (const Misconfigured& error) {
            throw cli::Failure(ExitCode::configuration, error.what());
        } catch (const std::invalid_argument& error) {  // The endpoint.
            throw cli::Failure(ExitCode::configuration, error.what());
        }
    });
}

}  // namespace
}  // namespace esteira::runtime

int main(int argc, char** argv) { return esteira::runtime::main(argc, argv); }

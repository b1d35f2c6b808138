// esteira-supervisor: the worker pools of one var folder.
#include <array>
#include <csignal>
#include <filesystem>
#include <string>
#include <utility>

#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cli/app.hpp"
#include "common/config/config.hpp"
#include "common/config/flags.hpp"
#include "common/logging/logging.hpp"
#include "workers/supervisor/process_mark.hpp"
#include "workers/supervisor/supervisor.hpp"

namespace esteira::supervisor {
namespace {

namespace fs = std::filesystem;
using cli::ExitCode;

// All that we wait for as something to poll for. Before any thread starts, so that all inherit it.
int watched_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGCHLD}) {
        sigaddset(&set, number);
    }
    sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void harden_process() {
    ::umask(0077);
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
}

std::string host_name() {
    std::array<char, 128> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

fs::path private_folder(const fs::path& folder) {
    fs::create_directories(folder);
    return folder;
}

// libpq takes the last of two.
std::string with_user(const std::string& url, const std::string& user) {
    if (url.empty() || user.empty()) {
        return url;
    }
    if (url.find("://") == std::string::npos) {
        return url + " user=" + user;
    }
    return url + (url.find('?') == std::string::npos ? "?" : "&") + "user=" + user;
}

PoolSettings settings_of(const std::string& type, const config::Workers& set) {
    if (set.pool_min > set.pool_max) {
        throw config::ConfigError("[workers." + type + "] pool_min is above pool_max");
    }
    PoolSettings settings;
    settings.name = type;
    settings.queue = set.queue;
    settings.policy = {
        static_cast<std::uint32_t>(set.pool_min), static_cast<std::uint32_t>(set.pool_max),
        std::chrono::seconds(set.pool_target_s), std::chrono::seconds(set.pool_shrink_s)};
    settings.drain = std::chrono::seconds(set.drain_s);
    return settings;
}

// A program beside this one reads what we have read. Its connection string goes by the environment,
// where others cannot see it.
Launch launch_of(const std::string& program, const std::string& url, const config::Loaded& loaded,
                 const config::Sources& sources) {
    constexpr std::string_view kUrl = "ESTEIRA__POSTGRES__URL=";
    Launch launch;
    launch.program = (fs::read_symlink("/proc/self/exe").parent_path() / program).string();
    if (!loaded.file.empty()) {
        launch.arguments = {"--config", loaded.file.string()};
    }
    for (const std::string& assignment : sources.assignments) {
        launch.arguments.insert(launch.arguments.end(), {"--set", assignment});
    }
    for (const std::string& entry : sources.environment) {
        if (!entry.starts_with(kUrl)) {
            launch.environment.push_back(entry);
        }
    }
    if (!url.empty()) {
        launch.environment.push_back(std::string(kUrl) + url);
    }
    return launch;
}

ExitCode supervise(const config::Loaded& loaded, const config::Sources& sources, int signal_fd) {
    const fs::path run = private_folder(loaded.var / "run");
    const fs::path log = private_folder(loaded.var / "log");
    const fs::path lock_path = run / "supervisor.lock";
    const Fd lock = lock_file(lock_path);
    if (!lock.good()) {
        throw cli::Failure(ExitCode::conflict,
                           "a supervisor runs in " + loaded.var.string() + " already: process " +
                               std::to_string(pid_of(mark_in(lock_path)).value_or(0)));
    }
    write_mark(lock, getpid());
    std::vector<PoolSettings> pools;
    std::map<std::string, Launch> launches;
    Millis drain_most{0};
    const std::string url = loaded.config.postgres.url.reveal();
    for (const auto& [type, set] : loaded.config.workers) {
        pools.push_back(settings_of(type, set));
        launches.emplace(type, launch_of("esteira-worker-" + type,
                                         with_user(url, set.postgres_user), loaded, sources));
        drain_most = std::max(drain_most, pools.back().drain);
    }
    SystemClock clock;
    std::optional<Maintenance> maintenance;
    if (!url.empty() && loaded.config.postgres.maintain_h > 0) {
        Launch launch = launch_of("esteira-db", url, loaded, sources);
        launch.arguments.emplace_back("maintain");
        launch.takes_name = false;
        launches.emplace(Maintenance::kName, std::move(launch));
        maintenance.emplace(run / "maintained",
                            std::chrono::hours(loaded.config.postgres.maintain_h),
                            clock.now().broker);
    }
    Processes processes(run, log, std::move(launches));
    processes.find_leftovers(clock.now().broker + drain_most + Pool::kKillAfter);
    Talk talk(loaded.config.broker.ops_socket);
    const std::string host = host_name();
    Supervisor supervisor({host + ":" + loaded.var.string(), host}, std::move(pools),
                          std::move(maintenance), processes, talk, signal_fd);
    logging::info("supervising", {{"var", loaded.var.string()},
                                  {"ops_socket", loaded.config.broker.ops_socket.string()},
                                  {"pid", getpid()}});
    const bool interrupted = supervisor.run(clock) == Supervisor::Ending::interrupted;
    logging::info("stopped", {{"interrupted", interrupted}});
    return interrupted ? ExitCode::interrupted : ExitCode::ok;
}

int main(int argc, char** argv) {
    harden_process();
    const int signal_fd = watched_signals();
    CLI::App app{"Keeps the worker pools of a var folder (ESTEIRA_VAR) at the size they need."};
    cli::Common common;
    cli::prepare(
        app, common,
        {"esteira-supervisor", "esteira-supervisor --set workers.upsert-stock.pool_max=20"});
    config::Sources sources;
    config::add_flags(app, sources);
    return cli::run(app, argc, argv, [&] {
        try {
            const config::Loaded loaded = config::load(sources);
            logging::start({.program = "esteira-supervisor",
                            .level = *logging::level_named(loaded.config.log.level)});
            return supervise(loaded, sources, signal_fd);
        } catch (const config::ConfigError& error) {
            throw cli::Failure(ExitCode::configuration, error.what());
        }
    });
}

}  // namespace
}  // namespace esteira::supervisor

int main(int argc, char** argv) { return esteira::supervisor::main(argc, argv); }

// esteira-broker: the durable queues of one machine. Reads the log, then serves until SIGTERM.
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/journal/local/local_journal.hpp"
#include "broker/journal/local/preparer.hpp"
#include "broker/journal/local/real_disk.hpp"
#include "broker/server/core.hpp"
#include "broker/server/ops.hpp"
#include "broker/server/receipts.hpp"
#include "broker/server/server.hpp"
#include "common/cli/app.hpp"
#include "common/config/config.hpp"
#include "common/config/flags.hpp"
#include "common/logging/logging.hpp"

namespace esteira::broker {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1 << 20;

// SIGTERM and SIGINT as something to poll for. Before any thread starts, so that all inherit it.
int stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ,
                SIG_IGN);  // A limit on file sizes is an error of the write, as others are.
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Bodies are the users' data: no core files, no peeking by debuggers. Many clients: all the file
// descriptors that we may have.
void harden_process() {
    ::umask(0077);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
}

// Without keys there is nobody to tell friend from foe, so only this machine may connect.
void check_endpoint(const std::string& endpoint) {
    const bool local = endpoint.starts_with("ipc://") || endpoint.starts_with("tcp://127.") ||
                       endpoint.starts_with("tcp://localhost:") ||
                       endpoint.starts_with("tcp://[::1]:");
    if (!local) {
        throw cli::Failure(cli::ExitCode::configuration,
                           "[broker] endpoint " + endpoint +
                               " is not of this machine; without keys the broker listens on "
                               "loopback (tcp://127.0.0.1:PORT) or ipc:// only");
    }
}

void make_private_folder(const fs::path& folder) {
    fs::create_directories(folder);
    fs::permissions(folder, fs::perms::owner_all);
}

std::uint64_t random_number() {
    std::uint64_t number = 0;
    randombytes_buf(&number, sizeof number);
    return number;
}

void serve(const config::Config& settings, int stop_fd) {
    check_endpoint(settings.broker.endpoint);
    make_private_folder(settings.broker.data);
    make_private_folder(settings.broker.ops_socket.parent_path());
    journal::RealDisk disk(settings.broker.data.string());
    const Receipts receipts = Receipts::of_folder(settings.broker.data);
    journal::LocalOptions options;
    options.free_bytes_floor = static_cast<std::uint64_t>(settings.broker.disk_free_mib_min) * kMiB;
    journal::LocalJournal log(disk, options);
    Core core(log, random_number());
    core.engine().set_bytes_max(static_cast<std::uint64_t>(settings.broker.total_mib_max) * kMiB);

    core.engine().set_messages_max(static_cast<std::uint64_t>(settings.broker.total_messages_max));
    core.engine().set_queue_bytes_max(static_cast<std::uint64_t>(settings.broker.queue_mib_max) *
                                      kMiB);

    const Now last = core.recover();
    SystemClock clock(last);
    core.start(clock.now());
    const journal::Stats found = log.stats();
    logging::info("log_read", {{"chunks", found.open_chunk - found.first_chunk},
                               {"bytes", found.bytes},
                               {"quarantined_bytes", found.quarantined_bytes},
                               {"live_bytes", core.engine().live_bytes()},
                               {"queues", core.engine().queue_names().size()}});
    if (clock.clamped()) {
        logging::warning("wall_clock_jumped", {{"since_ms", last.wall.time_since_epoch().count()}});
    }

    Unsent unsent;
    zmq::context_t context(1);
    std::optional<Ops> ops;  // Reads what the server counts, which asks it in turn.
    Server server(
        context, core, receipts, unsent,
        {settings.broker.endpoint, "ipc://" + settings.broker.ops_socket.string(),
         [&log] { log.mark(); },
         [&ops](std::string_view request, Now now) { return ops->handle(request, now); }});
    ops.emplace(core, log, server.stats());
    logging::info("serving", {{"endpoint", settings.broker.endpoint},
                              {"ops_socket", settings.broker.ops_socket.string()},
                              {"pid", ::getpid()}});
    {
        journal::Preparer preparer(log);
        server.run(clock, stop_fd);
    }
    log.mark();
    fs::remove(settings.broker.ops_socket);
    logging::info("stopped", {{"turns", server.stats().turns}});
}

int main(int argc, char** argv) {
    harden_process();
    const int stop_fd = stop_signals();
    CLI::App app{"The Esteira broker: durable queues with the semantics of SQS, over ZeroMQ."};
    cli::Common common;
    cli::prepare(app, common,
                 {"esteira-broker", "esteira-broker --set broker.endpoint=tcp://127.0.0.1:5600"});
    config::Sources sources;
    config::add_flags(app, sources);
    return cli::run(app, argc, argv, [&] {
        const config::Loaded loaded = config::load(sources);
        logging::start(
            {.program = "esteira-broker", .level = *logging::level_named(loaded.config.log.level)});
        try {
            serve(loaded.config, stop_fd);
        } catch (const journal::Locked& error) {
            throw cli::Failure(cli::ExitCode::conflict, error.what());
        } catch (const journal::Damaged& error) {
            throw cli::Failure(cli::ExitCode::journal_damaged, error.what());
        } catch (const engine::BrokenLog& error) {
            throw cli::Failure(cli::ExitCode::journal_damaged, error.what());
        }
        return cli::ExitCode::ok;
    });
}

}  // namespace
}  // namespace esteira::broker

int main(int argc, char** argv) {
    if (sodium_init() < 0) {
        return 1;
    }
    return esteira::broker::main(argc, argv);
}

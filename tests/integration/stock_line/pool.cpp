#include "tests/integration/stock_line/pool.hpp"

#include <csignal>
#include <filesystem>
#include <iterator>

#include <nlohmann/json.hpp>

#include "tests/support/ops_client.hpp"
#include "tests/support/worker_processes.hpp"

namespace esteira::stock_line {

namespace fs = std::filesystem;

Pool::Pool(Farm& farm, std::size_t workers, std::size_t batch)
    : farm_(farm), var_(farm.broker().folder() + "/var") {
    fs::create_directory(var_);
    fs::permissions(var_, fs::perms::owner_all);
    const std::string size = std::to_string(workers);
    std::vector<std::string> words{ESTEIRA_BIN_DIR "/esteira-supervisor", "--config",
                                   farm.broker().folder() + "/esteira.toml"};
    for (const std::string& setting :
         {"broker.endpoint=" + farm.broker().endpoint(),
          "broker.ops_socket=" + farm.broker().ops_socket(),
          std::string("workers.upsert-stock.postgres_user=esteira_worker_stock"),
          "workers.upsert-stock.pool_min=" + size, "workers.upsert-stock.pool_max=" + size,
          "workers.upsert-stock.batch_max=" + std::to_string(batch),
          std::string("workers.upsert-stock.probe_s_max=2")}) {
        words.insert(words.end(), {"--set", setting});
    }
    command_line_ = {std::move(words),
                     {"ESTEIRA_VAR=" + var_, "ESTEIRA__POSTGRES__URL=" + farm.postgres().url()},
                     farm.broker().folder() + "/supervisor.log"};
    start_supervisor();
}

Pool::~Pool() {
    supervisor_->signal(SIGTERM);
    supervisor_->wait();
    kill_workers();  // Of a supervisor that did not end them.
}

void Pool::kill_supervisor() {
    supervisor_->signal(SIGKILL);
    supervisor_->wait();
}

void Pool::start_supervisor() {
    supervisor_ = std::make_unique<support::ChildProcess>(command_line_);
}

void Pool::kill_worker(std::size_t number) const {
    const auto pids = support::workers_of(var_);
    if (!pids.empty()) {
        ::kill(*std::next(pids.begin(), static_cast<std::ptrdiff_t>(number % pids.size())),
               SIGKILL);
    }
}

void Pool::kill_workers() const {
    for (const pid_t pid : support::workers_of(var_)) {
        ::kill(pid, SIGKILL);
    }
}

std::size_t Pool::running() const { return support::workers_of(var_).size(); }

std::size_t Pool::online() const {
    const auto pool = support::OpsClient(farm_.broker().ops_socket()).pool("upsert-stock");
    return pool.value("online", std::size_t{0});
}

}  // namespace esteira::stock_line

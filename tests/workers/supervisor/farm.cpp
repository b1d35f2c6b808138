#include "tests/workers/supervisor/farm.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <signal.h>

#include "common/base/bytes.hpp"
#include "common/postgres/connection.hpp"
#include "tests/support/worker_processes.hpp"

namespace esteira::supervisor {

namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string item_of(int product) {
    std::ostringstream text;
    text << R"({"codigo_barra": "0789)" << product << R"(", "nome_produto": "Produto )" << product
         << R"(", "filial": "1001", "qtd_estoque": 1, )"
         << R"("data_atulizacao_posicao_estoque": "2024-05-01T00:00:00Z"})";
    return text.str();
}

}  // namespace

void FarmTest::SetUpTestSuite() {
    postgres_ = std::make_unique<support::PrivatePostgres>();
    ChildProcess migrate({{ESTEIRA_BIN_DIR "/esteira-db", "migrate"},
                          {"ESTEIRA__POSTGRES__URL=" + postgres_->url()},
                          {}});
    ASSERT_EQ(migrate.wait(), 0);
}

void FarmTest::TearDownTestSuite() { postgres_.reset(); }

void FarmTest::SetUp() {
    postgres::Connection({postgres_->url(), "test"}).execute("TRUNCATE esteira.estoque_posicao");
    broker_.make_queue("stock");
}

void FarmTest::TearDown() {
    EXPECT_TRUE(await([&] { return workers().empty(); })) << "workers were left behind";
    for (const pid_t pid : workers()) {
        ::kill(pid, SIGKILL);
    }
}

std::unique_ptr<ChildProcess> FarmTest::start(std::vector<std::string> settings) {
    return start_in(var(), std::move(settings));
}

std::unique_ptr<ChildProcess> FarmTest::start_in(const std::string& folder,
                                                 std::vector<std::string> settings,
                                                 const std::string& url) {
    std::vector<std::string> words{ESTEIRA_BIN_DIR "/esteira-supervisor", "--config",
                                   broker_.folder() + "/esteira.toml"};
    std::vector<std::string> all{"broker.endpoint=" + broker_.endpoint(),
                                 "broker.ops_socket=" + broker_.ops_socket(),
                                 "workers.upsert-stock.postgres_user=esteira_worker_stock"};
    for (const std::string& setting : settings) {
        all.push_back("workers.upsert-stock." + setting);
    }
    for (const std::string& setting : all) {
        words.insert(words.end(), {"--set", setting});
    }
    return std::make_unique<ChildProcess>(
        support::ChildOptions{std::move(words),
                              {"ESTEIRA_VAR=" + folder,
                               "ESTEIRA__POSTGRES__URL=" + (url.empty() ? postgres_->url() : url)},
                              folder + "/supervisor.log"});
}

nlohmann::json FarmTest::pool() {
    return support::OpsClient(broker_.ops_socket()).pool("upsert-stock");
}

Pids FarmTest::workers(const std::string& folder) const {
    return support::workers_of(folder.empty() ? var() : folder);
}

Pids FarmTest::workers_at_once() const {
    Pids found = workers();
    const Pids later = workers();  // A zombie has no environment.
    std::erase_if(found, [&](pid_t pid) { return !later.contains(pid); });
    return found;
}

pid_t FarmTest::pid_of(const std::string& name) {
    return std::stoi(content(var() + "/run/" + name + ".pid"));
}

bool FarmTest::steady(std::size_t size) {
    return await([&] {
        const auto now = pool();
        return now.value("state", "") == "steady" && now.at("running") == size &&
               now.at("online") == size && workers().size() == size;
    });
}

std::size_t FarmTest::times_said(const std::string& event) const {
    const std::string log = content(var() + "/supervisor.log");
    const std::string wanted = "\"event\":\"" + event + "\"";
    std::size_t times = 0;
    for (std::size_t at = 0; (at = log.find(wanted, at)) != std::string::npos; ++at) {
        ++times;
    }
    return times;
}

bool FarmTest::says(const std::string& event) const { return times_said(event) > 0; }

support::Ended FarmTest::ctl(std::vector<std::string> words) {
    words.insert(words.begin(), "esteira-ctl");
    return support::run_program(broker_, std::move(words));
}

void FarmTest::send(int count) {
    client::QueueClient client(broker_.client_options());
    for (int left = count; left > 0;) {
        std::vector<std::string> bodies;
        for (; left > 0 && bodies.size() < 500; --left) {
            bodies.push_back(item_of(sent_++));
        }
        std::vector<std::span<const std::byte>> views;
        for (const std::string& body : bodies) {
            views.push_back(as_bytes(body));
        }
        ASSERT_TRUE(client.send("stock", views));
    }
}

std::size_t FarmTest::rows() {
    postgres::Connection connection({postgres_->url(), "test"});
    const auto count = connection.execute("SELECT count(*) FROM esteira.estoque_posicao");
    return std::stoul(std::string(count.text(0, 0)));
}

}  // namespace esteira::supervisor

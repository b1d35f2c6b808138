#include "tests/integration/stock_line/farm.hpp"

#include <csignal>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace esteira::stock_line {

namespace {

// Of a key, the changes stand in the order in which they were committed: its row is locked.
constexpr const char* kHistory = R"(
CREATE SCHEMA chk;
CREATE TABLE chk.history (
    n bigserial PRIMARY KEY, codigo_barra text, filial text, instante timestamptz, item json);
CREATE FUNCTION chk.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO chk.history (codigo_barra, filial, instante, item)
    VALUES (NEW.codigo_barra, NEW.filial, NEW.instante, NEW.item);
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON esteira.estoque_posicao
    FOR EACH ROW EXECUTE FUNCTION chk.note();
)";

std::size_t count_of(const Farm& farm, const char* sql) {
    auto connection = farm.admin();
    return static_cast<std::size_t>(connection.execute(sql).integer(0, 0));
}

}  // namespace

Farm::Farm() {
    support::ChildProcess migrate({{ESTEIRA_BIN_DIR "/esteira-db", "migrate"},
                                   {"ESTEIRA__POSTGRES__URL=" + postgres_.url()},
                                   broker_.folder() + "/migrate.log"});
    if (migrate.wait() != 0) {
        throw std::runtime_error(migrate.said());
    }
    admin().run_script(kHistory);
    broker_.make_queue("stock", {{"RetryBaseMillis", "1"}});
}

support::ChildProcess& Farm::start_worker(std::vector<std::string> flags, std::string url) {
    std::vector<std::string> words{ESTEIRA_BIN_DIR "/esteira-worker-upsert-stock",
                                   "--config",
                                   broker_.folder() + "/esteira.toml",
                                   "--set",
                                   "broker.endpoint=" + broker_.endpoint(),
                                   "--json"};
    words.insert(words.end(), flags.begin(), flags.end());
    workers_.push_back(std::make_unique<support::ChildProcess>(support::ChildOptions{
        std::move(words),
        {"ESTEIRA__POSTGRES__URL=" + (url.empty() ? worker_url() : url)},
        broker_.folder() + "/worker-" + std::to_string(workers_.size()) + ".log"}));
    return *workers_.back();
}

void Farm::kill_worker(std::size_t number) {
    workers_[number]->signal(SIGKILL);
    workers_[number]->wait();
}

std::string Farm::said() const {
    std::string all;
    for (const auto& worker : workers_) {
        all += worker->said() + "\n";
    }
    return all;
}

void Farm::send(const std::vector<std::string>& bodies) {
    std::vector<std::span<const std::byte>> views;
    for (const std::string& body : bodies) {
        views.push_back(as_bytes(body));
    }
    client::QueueClient client(broker_.client_options());
    if (!client.send("stock", views)) {
        throw std::runtime_error("the broker refuses the messages");
    }
}

std::size_t Farm::rows() const {
    return count_of(*this, "SELECT count(*) FROM esteira.estoque_posicao");
}

std::size_t Farm::writes() const { return count_of(*this, "SELECT count(*) FROM chk.history"); }

std::string item_of(int product, int quantity, int second) {
    const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    const std::string time =
        two(second / 3600 % 24) + ":" + two(second / 60 % 60) + ":" + two(second % 60);
    return nlohmann::ordered_json{{"codigo_barra", "0789" + std::to_string(product)},
                                  {"nome_produto", "Produto " + std::to_string(product)},
                                  {"filial", "1001"},
                                  {"qtd_estoque", quantity},
                                  {"data_atulizacao_posicao_estoque", "2024-05-01T" + time + "Z"}}
        .dump();
}

std::vector<std::string> one_product_each(int from, int to) {
    std::vector<std::string> bodies;
    for (int product = from; product < to; ++product) {
        bodies.push_back(item_of(product, 1, 0));
    }
    return bodies;
}

}  // namespace esteira::stock_line

// The stock line beside a direct loader, on the same bodies and the same table.
//
//   load     parses the bodies and upserts them, 1,000 positions a statement, on one connection:
//            what the job costs without a queue
//   line     sends the same bodies to the broker; the time is up when the queue has none left, so
//            every position is committed and every message deleted
//   latency  sends positions one by one at --rate, each at its time in the timetable, and asks
//            PostgreSQL afterwards when each was committed (needs track_commit_timestamp)
//
// All bodies are made before the clock starts. Prints one JSON line.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/base/bytes.hpp"
#include "common/client/queue_client.hpp"
#include "common/contracts/stock_position.hpp"
#include "common/postgres/connection.hpp"
#include "producers/stock/catalogue.hpp"
#include "producers/stock/messages.hpp"
#include "workers/upsert_stock/store.hpp"

namespace esteira::bench {

namespace {

using Steady = std::chrono::steady_clock;
using contracts::StockPosition;

constexpr std::size_t kLoadRows = 1'000;
constexpr std::size_t kRequestsInFlight = 8;
constexpr Millis kPatience{60'000};

struct Options {
    std::string mode = "line";
    std::string endpoint = "tcp://127.0.0.1:5555";
    std::string queue = "stock";
    std::string url;
    std::size_t products = 10'000;
    std::size_t branches = 20;
    std::size_t items = 35;
    std::size_t batch = 0;   // Messages of one send; 0: about 1,000 positions.
    std::uint64_t pass = 0;  // A later pass has newer positions.
    std::uint64_t rate = 2'000;
    std::size_t count = 20'000;  // Of the latency.
};

double seconds_since(Steady::time_point start) {
    return std::chrono::duration<double>(Steady::now() - start).count();
}

contracts::Instant wall_now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

struct Input {
    std::vector<std::string> bodies;
    std::size_t positions = 0;
};

Input make_input(const Options& options, const contracts::Zone& zone) {
    const auto products = stock::made_up_catalogue(1, options.products);
    std::vector<std::string> branches;
    for (std::size_t i = 0; i < options.branches; ++i) {
        branches.push_back(std::to_string(1'001 + i));
    }
    stock::MessageMaker maker(products, branches, options.pass, options.items);
    const contracts::Instant time =
        wall_now() - std::chrono::hours(24) + std::chrono::seconds(options.pass);
    Input input;
    input.positions = products.size() * branches.size();
    while (!maker.done()) {
        input.bodies.push_back(maker.next(time, zone));
    }
    return input;
}

nlohmann::ordered_json line_of(const Options& options, std::size_t positions, double seconds) {
    return {{"mode", options.mode},
            {"items", options.items},
            {"positions", positions},
            {"seconds", seconds},
            {"positions_s", static_cast<double>(positions) / seconds}};
}

// ------------------------------------------------------------------------------------------- load

nlohmann::ordered_json load(const Options& options, const contracts::Zone& zone) {
    const Input input = make_input(options, zone);
    upsert_stock::PostgresStockStore store({options.url, "esteira-bench-stock"});
    store.require_ready();
    const WallTime now = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    const auto start = Steady::now();
    std::vector<StockPosition> rows;
    std::size_t written = 0;
    const auto write = [&] {
        // One key stands once in the bodies of a pass, so there is nothing to remove.
        std::vector<const StockPosition*> sorted;
        for (const StockPosition& row : rows) {
            sorted.push_back(&row);
        }
        std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
            return std::tie(a->codigo_barra, a->filial) < std::tie(b->codigo_barra, b->filial);
        });
        written += store.upsert(sorted);
        rows.clear();
    };
    for (const std::string& body : input.bodies) {
        auto items = contracts::parse_stock_positions(body, zone, now);
        for (contracts::StockItem& item : std::move(items).value()) {
            rows.push_back(std::move(item).value());
            if (rows.size() == kLoadRows) {
                write();
            }
        }
    }
    write();
    const double seconds = seconds_since(start);
    if (written != input.positions) {
        throw std::runtime_error("not all was written: " + std::to_string(written));
    }
    return line_of(options, input.positions, seconds);
}

// ------------------------------------------------------------------------------------------- line

client::ClientOptions client_options(const Options& options) {
    client::ClientOptions result;
    result.endpoint = options.endpoint;
    result.name = "esteira-bench-stock";
    result.patience = kPatience;
    return result;
}

void check_sent(const client::Reply& reply) {
    const auto* sent = std::get_if<dialogue::SendReply>(&reply.response.answer);
    if (sent == nullptr || sent->results.size() != 1 ||
        sent->results.front().code != dialogue::Code::ok) {
        throw std::runtime_error("a send was refused");
    }
}

std::uint64_t messages_left(client::QueueClient& client, const std::string& name) {
    const auto queue = client.get_queue(name);
    if (!queue) {
        throw std::runtime_error(queue.error().reason);
    }
    std::uint64_t left = 0;
    for (const auto& [key, value] : queue.value().attributes) {
        if (key.starts_with("ApproximateNumberOfMessages")) {
            left += std::stoull(value);
        }
    }
    return left;
}

void await_empty(client::QueueClient& client, const Options& options) {
    const auto until = Steady::now() + kPatience;
    while (messages_left(client, options.queue) > 0) {
        if (Steady::now() > until) {
            throw std::runtime_error("the queue does not become empty");
        }
        std::this_thread::sleep_for(Millis{2});
    }
}

nlohmann::ordered_json line(const Options& options, const contracts::Zone& zone) {
    const Input input = make_input(options, zone);
    const std::size_t batch =
        options.batch != 0 ? options.batch : std::max<std::size_t>(1, 1'000 / options.items);
    client::QueueClient client(client_options(options));
    if (messages_left(client, options.queue) > 0) {
        throw std::runtime_error("the queue is not empty at the start");
    }
    const auto start = Steady::now();
    std::size_t outstanding = 0;
    for (std::size_t i = 0; i < input.bodies.size(); i += batch) {
        dialogue::Send send{options.queue, {}};
        for (std::size_t k = i; k < std::min(i + batch, input.bodies.size()); ++k) {
            send.entries.emplace_back().body = as_bytes(input.bodies[k]);
        }
        while (outstanding >= kRequestsInFlight || !client.submit(send)) {
            if (const auto reply = client.poll(kPatience)) {
                check_sent(*reply);
                --outstanding;
            }
        }
        ++outstanding;
    }
    while (outstanding > 0) {
        if (const auto reply = client.poll(kPatience)) {
            check_sent(*reply);
            --outstanding;
        }
    }
    const double sent_after = seconds_since(start);
    await_empty(client, options);
    auto result = line_of(options, input.positions, seconds_since(start));
    result["sent_after_s"] = sent_after;
    return result;
}

// ---------------------------------------------------------------------------------------- latency

std::string body_of(std::size_t i, contracts::Instant time) {
    StockPosition position;
    position.codigo_barra = "LATENCY" + std::to_string(i);
    position.filial = "1001";
    position.nome_produto = "Leite integral 1 l";
    position.qtd_estoque = 1;
    const auto micros = time.time_since_epoch().count();
    char text[40];
    const std::time_t seconds = static_cast<std::time_t>(micros / 1'000'000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    const std::size_t used = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(text + used, sizeof(text) - used, ".%06dZ", static_cast<int>(micros % 1'000'000));
    position.data_posicao = text;
    return contracts::write_stock_message({position});
}

nlohmann::ordered_json latency(const Options& options) {
    client::QueueClient client(client_options(options));
    const auto start = Steady::now();
    const contracts::Instant start_wall = wall_now();
    std::size_t outstanding = 0;
    for (std::size_t i = 0; i < options.count; ++i) {
        const std::chrono::microseconds due(i * 1'000'000 / options.rate);
        std::this_thread::sleep_until(start + due);
        const std::string body = body_of(i, start_wall + due);
        dialogue::Send send{options.queue, {}};
        send.entries.emplace_back().body = as_bytes(body);
        while (!client.submit(send)) {
            if (const auto reply = client.poll(kPatience)) {
                check_sent(*reply);
                --outstanding;
            }
        }
        ++outstanding;
        while (const auto reply = client.poll(Millis{0})) {
            check_sent(*reply);
            --outstanding;
        }
    }
    for (; outstanding > 0; --outstanding) {
        check_sent(*client.poll(kPatience));
    }
    await_empty(client, options);
    auto result = line_of(options, options.count, seconds_since(start));
    postgres::Connection connection({options.url, "esteira-bench-stock"});
    const auto rows = connection.execute(
        {"latency",
         "SELECT count(*)::text, (1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY s))::text, "
         "(1000 * percentile_cont(0.99) WITHIN GROUP (ORDER BY s))::text, (1000 * max(s))::text "
         "FROM (SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - instante) AS s "
         "FROM esteira.estoque_posicao WHERE codigo_barra LIKE 'LATENCY%') AS latencies"},
        {});
    result["committed"] = std::string(rows.text(0, 0));
    result["p50_ms"] = std::stod(std::string(rows.text(0, 1)));
    result["p99_ms"] = std::stod(std::string(rows.text(0, 2)));
    result["max_ms"] = std::stod(std::string(rows.text(0, 3)));
    return result;
}

}  // namespace

}  // namespace esteira::bench

int main(int argc, char** argv) {
    using namespace esteira::bench;
    Options options;
    CLI::App app{"Stock positions into PostgreSQL: through the queue, or straight"};
    app.add_option("--mode", options.mode)->check(CLI::IsMember({"load", "line", "latency"}));
    app.add_option("--endpoint", options.endpoint, "the broker's")->capture_default_str();
    app.add_option("--queue", options.queue)->capture_default_str();
    app.add_option("--url", options.url, "PostgreSQL, as the stock worker's role");
    app.add_option("--products", options.products)->capture_default_str();
    app.add_option("--branches", options.branches)->capture_default_str();
    app.add_option("--items", options.items, "positions in a message")->capture_default_str();
    app.add_option("--batch", options.batch, "messages in a send; 0: about 1,000 positions");
    app.add_option("--pass", options.pass, "a later pass has newer positions");
    app.add_option("--rate", options.rate, "positions a second, with latency")
        ->capture_default_str();
    app.add_option("--count", options.count, "positions, with latency")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        const auto zone = esteira::contracts::Zone::load("America/Sao_Paulo");
        if (!zone) {
            throw std::runtime_error(zone.error());
        }
        const auto result = options.mode == "load"   ? load(options, zone.value())
                            : options.mode == "line" ? line(options, zone.value())
                                                     : latency(options);
        std::printf("%s\n", result.dump().c_str());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "esteira-bench-stock: %s\n", error.what());
        return 1;
    }
    return 0;
}

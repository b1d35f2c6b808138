// order-ingest and click-ingest beside a direct loader, on the same bodies and the same tables.
//
//   load  parses the bodies and writes them as the worker would, a batch a transaction, on one
//         connection: what the job costs without a queue
//   line  sends the same bodies to the broker; the time is up when the queue has none left, so
//         everything is committed and every message deleted
//
// All bodies are made before the clock starts. Prints one JSON line.

#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/base/bytes.hpp"
#include "common/base/overloaded.hpp"
#include "common/client/queue_client.hpp"
#include "producers/clicks/generator.hpp"
#include "producers/shop/shop.hpp"
#include "workers/click_ingest/store.hpp"
#include "workers/order_ingest/store.hpp"

namespace esteira::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kRequestsInFlight = 8;
constexpr Millis kPatience{120'000};

struct Options {
    std::string kind = "orders";
    std::string mode = "line";
    std::string endpoint = "tcp://127.0.0.1:5555";
    std::string queue;
    std::string url;
    std::size_t count = 100'000;  // Orders, or events.
    std::size_t items = 35;       // Of a message.
    std::size_t messages = 20;    // Of a transaction of the loader.
    std::uint64_t seed = 1;       // Another seed, other rows.
};

std::vector<std::string> in_messages(std::vector<std::string> items, std::size_t of_a_message) {
    std::vector<std::string> bodies;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const bool first = i % of_a_message == 0;
        if (first) {
            bodies.emplace_back("[");
        }
        bodies.back() += (first ? "" : ",") + items[i];
        if ((i + 1) % of_a_message == 0 || i + 1 == items.size()) {
            bodies.back() += "]";
        }
    }
    return bodies;
}

std::vector<std::string> orders(const Options& options, const contracts::Zone& zone) {
    const shop::Shop made({10'000, 5'000, options.count, 0}, options.seed,
                          std::chrono::year(2026) / 1 / 31, zone);
    std::vector<std::string> items;
    for (std::size_t i = 0; i < options.count; ++i) {
        items.push_back(made.order(i, 0));
    }
    return in_messages(std::move(items), options.items);
}

std::vector<std::string> events(const Options& options) {
    clicks::Generator generator({.events = options.count,
                                 .until = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31),
                                 .seed = options.seed});
    std::vector<std::string> items;
    for (clicks::ClickRow row; generator.next(row);) {
        items.push_back(clicks::click_of(row).value().json);
    }
    return in_messages(std::move(items), options.items);
}

// Parses and writes some bodies; gives how many items were written.
using Write = std::function<std::size_t(const std::vector<std::string_view>&)>;

std::size_t write_orders(order_ingest::ShopStore& store, const contracts::TimeRules& rules,
                         const std::vector<std::string_view>& bodies) {
    std::vector<contracts::ShopEntity> entities;
    for (const std::string_view body : bodies) {
        auto items = contracts::parse_shop(body, rules, rules.now);
        for (auto& item : items.value()) {
            entities.push_back(std::move(item).value());
        }
    }
    order_ingest::ShopRows rows;
    for (const contracts::ShopEntity& entity : entities) {
        rows.orders.push_back(&std::get<contracts::Order>(entity));
    }
    return store.write(rows);
}

std::size_t write_events(click_ingest::ClickStore& store, const contracts::TimeRules& rules,
                         const std::vector<std::string_view>& bodies) {
    static std::uint64_t origin = 0;
    std::vector<std::vector<contracts::ShopEvent>> events;
    std::vector<std::string> origins;
    for (const std::string_view body : bodies) {
        auto& of_message = events.emplace_back();
        auto items = contracts::parse_shop_events(body, rules);
        for (auto& item : items.value()) {
            of_message.push_back(std::move(item).value());
        }
        const auto now = Steady::now().time_since_epoch().count();
        origins.push_back(std::to_string(now) + "-" + std::to_string(++origin));
    }
    std::vector<click_ingest::Message> messages;
    for (std::size_t i = 0; i < events.size(); ++i) {
        auto& message = messages.emplace_back(click_ingest::Message{origins[i], {}});
        for (const contracts::ShopEvent& event : events[i]) {
            message.events.push_back(&event);
        }
    }
    return store.write(messages).events;
}

void load(const Options& options, const std::vector<std::string>& bodies,
          const contracts::Zone& zone) {
    const contracts::TimeRules rules{
        zone, std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())};
    const postgres::ConnectionSettings settings{options.url, "esteira-bench-ingest"};
    order_ingest::PostgresShopStore shop(settings);
    click_ingest::PostgresClickStore clicks(settings, {});
    const bool is_shop = options.kind == "orders";
    std::size_t written = 0;
    for (std::size_t i = 0; i < bodies.size(); i += options.messages) {
        const auto begin = bodies.begin() + static_cast<std::ptrdiff_t>(i);
        const auto size = std::min(options.messages, bodies.size() - i);
        const std::vector<std::string_view> part(begin, begin + static_cast<std::ptrdiff_t>(size));
        written += is_shop ? write_orders(shop, rules, part) : write_events(clicks, rules, part);
    }
    if (written != options.count) {
        throw std::runtime_error("not all was written: " + std::to_string(written));
    }
}

void check_sent(const client::Reply& reply) {
    const auto* sent = std::get_if<dialogue::SendReply>(&reply.response.answer);
    if (sent == nullptr || sent->results.front().code != dialogue::Code::ok) {
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

void line(const Options& options, const std::vector<std::string>& bodies) {
    client::ClientOptions settings;
    settings.endpoint = options.endpoint;
    settings.name = "esteira-bench-ingest";
    settings.patience = kPatience;
    client::QueueClient client(settings);
    std::size_t outstanding = 0;
    const auto take = [&] {
        if (const auto reply = client.poll(kPatience)) {
            check_sent(*reply);
            --outstanding;
        }
    };
    for (std::size_t i = 0; i < bodies.size(); i += options.messages) {
        dialogue::Send send{options.queue, {}};
        for (std::size_t k = i; k < std::min(i + options.messages, bodies.size()); ++k) {
            send.entries.emplace_back().body = as_bytes(bodies[k]);
        }
        while (outstanding >= kRequestsInFlight || !client.submit(send)) {
            take();
        }
        ++outstanding;
    }
    while (outstanding > 0) {
        take();
    }
    const auto until = Steady::now() + kPatience;
    while (messages_left(client, options.queue) > 0) {
        if (Steady::now() > until) {
            throw std::runtime_error("the queue does not become empty");
        }
        std::this_thread::sleep_for(Millis{5});
    }
}

}  // namespace
}  // namespace esteira::bench

int main(int argc, char** argv) {
    using namespace esteira::bench;
    Options options;
    CLI::App app{"Orders or shop events into PostgreSQL: through the queue, or straight"};
    app.add_option("--kind", options.kind)->check(CLI::IsMember({"orders", "clicks"}));
    app.add_option("--mode", options.mode)->check(CLI::IsMember({"load", "line"}));
    app.add_option("--endpoint", options.endpoint, "the broker's")->capture_default_str();
    app.add_option("--url", options.url, "PostgreSQL, as the worker's role");
    app.add_option("--count", options.count, "orders or events")->capture_default_str();
    app.add_option("--items", options.items, "of a message")->capture_default_str();
    app.add_option("--messages", options.messages, "of a send, or a transaction of the loader")
        ->capture_default_str();
    app.add_option("--seed", options.seed, "another seed, other rows")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    options.queue = options.kind;
    try {
        const auto zone = esteira::contracts::Zone::load("America/Sao_Paulo");
        if (!zone) {
            throw std::runtime_error(zone.error());
        }
        const auto bodies =
            options.kind == "orders" ? orders(options, zone.value()) : events(options);
        const auto start = Steady::now();
        options.mode == "load" ? load(options, bodies, zone.value()) : line(options, bodies);
        const double seconds = std::chrono::duration<double>(Steady::now() - start).count();
        const nlohmann::ordered_json result{
            {"kind", options.kind},
            {"mode", options.mode},
            {"items", options.count},
            {"seconds", seconds},
            {"items_s", static_cast<double>(options.count) / seconds}};
        std::printf("%s\n", result.dump().c_str());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "esteira-bench-ingest: %s\n", error.what());
        return 1;
    }
    return 0;
}

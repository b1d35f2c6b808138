// The loads of bench/kinds that are not one queue's throughput: many queues, many idle receivers,
// many delayed messages. Each prints one JSON line.
//
//   queues    makes --count queues
//   polls     --count receives wait on as many empty queues for --seconds; prints `waiting` first,
//             when all of them have been asked
//   delay     sends the messages --from .. --from + --count of --of, which come due one after the
//             other in --spread milliseconds from --due on (CLOCK_MONOTONIC)
//   collect   receives them all, and tells how late they came
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bench/support/ledger.hpp"
#include "bench/support/load.hpp"
#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "common/client/queue_client.hpp"

namespace esteira::bench {

namespace {

using client::QueueClient;

constexpr Nanos kMilli = 1'000'000;
constexpr Millis kPatience = std::chrono::seconds(60);
constexpr std::uint32_t kInFlight = 32;

struct Options {
    std::string endpoint = "tcp://127.0.0.1:5555";
    std::uint64_t count = 1'000;
    std::uint32_t connections = 20;
    std::uint32_t seconds = 10;
    std::uint64_t from = 0;
    std::uint64_t of = 1'000;
    Nanos due = 0;
    std::uint32_t spread_ms = 30'000;
};

std::unique_ptr<QueueClient> connect(const Options& options) {
    client::ClientOptions client;
    client.endpoint = options.endpoint;
    client.name = "bench-kinds";
    client.patience = kPatience;
    return std::make_unique<QueueClient>(client);
}

template <class Kind>
Kind answer_of(const client::Reply& reply) {
    if (const auto* refused = std::get_if<dialogue::Refused>(&reply.response.answer)) {
        throw std::runtime_error(std::string(to_string(refused->code)) + ": " + refused->reason);
    }
    return std::get<Kind>(reply.response.answer);
}

double seconds_since(Nanos start) {
    return std::round(static_cast<double>(monotonic_now() - start) / 1e6) / 1e3;
}

std::string queue_name(std::uint64_t index) { return "bench-" + std::to_string(index); }

// Calls `ask` until `count` requests were asked, with a window of them outstanding, and `take` with
// each answer.
template <class Ask, class Take>
void pipeline(QueueClient& client, std::uint64_t count, const Ask& ask, const Take& take) {
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;
    while (answered < count) {
        while (asked < count && asked - answered < kInFlight && ask(asked)) {
            ++asked;
        }
        if (const auto reply = client.poll(kPatience)) {
            take(*reply);
            ++answered;
        }
    }
}

void make_queues(const Options& options) {
    const auto client = connect(options);
    const Nanos start = monotonic_now();
    pipeline(
        *client, options.count,
        [&](std::uint64_t index) {
            const std::string name = queue_name(index);
            return client->submit(dialogue::CreateQueue{name, {}, {}}).has_value();
        },
        [](const client::Reply& reply) { answer_of<dialogue::QueueReply>(reply); });
    std::puts(nlohmann::ordered_json{{"queues", options.count}, {"seconds", seconds_since(start)}}
                  .dump()
                  .c_str());
}

void wait_idle(const Options& options) {
    std::vector<std::unique_ptr<QueueClient>> clients;
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < options.connections; ++i) {
        clients.push_back(connect(options));
    }
    const auto ask = [&](QueueClient& client, const std::string& queue) {
        if (!client.submit(dialogue::Receive{queue, 10, limits::kWaitMax, {}})) {
            throw std::runtime_error("more receives than a connection may have");
        }
    };
    for (std::uint64_t i = 0; i < options.count; ++i) {
        ask(*clients[i % clients.size()], names.emplace_back(queue_name(i)));
    }
    const Nanos start = monotonic_now();
    const Nanos end = start + Nanos{options.seconds} * 1'000 * kMilli;
    bool told = false;
    std::uint64_t asked_again = 0;
    while (monotonic_now() < end) {
        for (const auto& client : clients) {
            while (const auto reply = client->poll(Millis{5})) {
                if (!answer_of<dialogue::ReceiveReply>(*reply).messages.empty()) {
                    throw std::runtime_error("a queue that is to be idle had a message");
                }
                ask(*client, names[asked_again++ % names.size()]);
            }
        }
        if (!std::exchange(told, true)) {
            std::puts("waiting");
            std::fflush(stdout);
        }
    }
    std::puts(nlohmann::ordered_json{{"polls", options.count}, {"asked_again", asked_again}}
                  .dump()
                  .c_str());
}

Load load_of(const Options& options) {
    Load load;
    load.count = options.count;
    load.batch = 100;
    return load;
}

void delay(const Options& options) {
    const Load load = load_of(options);
    const auto client = connect(options);
    if (const auto made = client->create_queue({"bench-delayed", {}, {}}); !made) {
        throw std::runtime_error(made.error().reason);
    }
    std::vector<std::string> bodies(load.batch, make_body(load));
    const Nanos start = monotonic_now();
    const double apart =
        static_cast<double>(options.spread_ms) * 1e6 / static_cast<double>(options.of);
    pipeline(
        *client, load.batches(),
        [&](std::uint64_t index) {
            dialogue::Send send{"bench-delayed", {}};
            const Nanos now = monotonic_now();
            for (std::size_t i = 0; i < bodies.size(); ++i) {
                const std::uint64_t number = options.from + index * bodies.size() + i;
                const Nanos due =
                    options.due + static_cast<Nanos>(apart * static_cast<double>(number));
                write_stamp(bodies[i].data(), {number, due});
                const Millis left{(due - now + kMilli - 1) / kMilli};
                send.entries.push_back({as_bytes(bodies[i]), std::max(left, Millis{0})});
            }
            return client->submit(std::move(send)).has_value();
        },
        [](const client::Reply& reply) {
            for (const auto& run : answer_of<dialogue::SendReply>(reply).results) {
                if (run.code != dialogue::Code::ok) {
                    throw std::runtime_error(run.reason);
                }
            }
        });
    std::puts(nlohmann::ordered_json{{"sent", options.count}, {"seconds", seconds_since(start)}}
                  .dump()
                  .c_str());
}

void collect(const Options& options) {
    Ledger ledger(load_of(options));
    const auto client = connect(options);
    const dialogue::Receive ask{"bench-delayed", 1'000, limits::kWaitMax, {}};
    client->submit(ask);
    std::uint64_t nothing = 0;
    while (!ledger.complete() && nothing < 4) {
        const auto reply = client->poll(kPatience);
        if (!reply || std::holds_alternative<dialogue::SettleReply>(reply->response.answer)) {
            continue;
        }
        const auto received = answer_of<dialogue::ReceiveReply>(*reply);
        const Nanos now = monotonic_now();
        for (const dialogue::Delivery& message : received.messages) {
            ledger.received(as_text(message.body), now);
        }
        if (received.messages.empty()) {
            ++nothing;
            client->submit(ask);
            continue;
        }
        nothing = 0;
        dialogue::Settle settle;
        settle.verdicts.push_back({received.receipt, 0, received.receipt.count});
        settle.next = {0, ask};
        client->submit(std::move(settle));
    }
    const auto ms = [&](double share) {
        return std::round(ledger.percentile_us(share) / 10) / 100;
    };
    std::puts(nlohmann::ordered_json{{"distinct", ledger.distinct()},
                                     {"repeated", ledger.repeated()},
                                     {"earliest_ms", ms(0)},
                                     {"late_p50_ms", ms(0.5)},
                                     {"late_p99_ms", ms(0.99)},
                                     {"late_worst_ms", ms(1)}}
                  .dump()
                  .c_str());
}

}  // namespace

}  // namespace esteira::bench

int main(int argc, char** argv) {
    using namespace esteira::bench;
    Options options;
    CLI::App app{"Many queues, many idle receivers, many delayed messages"};
    app.require_subcommand(1);
    app.add_option("--endpoint", options.endpoint, "the broker's")->capture_default_str();
    const auto subcommand = [&](const char* name, const char* about, void (*run)(const Options&)) {
        CLI::App* sub = app.add_subcommand(name, about);
        sub->add_option("--count", options.count, "how many")->capture_default_str();
        sub->callback([&options, run] { run(options); });
        return sub;
    };
    subcommand("queues", "make queues", make_queues);
    CLI::App* polls = subcommand("polls", "wait on empty queues", wait_idle);
    polls->add_option("--connections", options.connections)->capture_default_str();
    polls->add_option("--seconds", options.seconds)->capture_default_str();
    CLI::App* delayed = subcommand("delay", "send messages that come due later", delay);
    delayed->add_option("--from", options.from, "the first one's number");
    delayed->add_option("--of", options.of, "how many there are in all");
    delayed->add_option("--due", options.due, "when the first of all is due, nanoseconds");
    delayed->add_option("--spread", options.spread_ms, "milliseconds from the first to the last");
    subcommand("collect", "receive what was delayed", collect);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "esteira-bench-kinds: %s\n", error.what());
        return 1;
    }
    return 0;
}

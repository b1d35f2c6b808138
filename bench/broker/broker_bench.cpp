// What the broker does with the load that esteira-bench-redis offers to Redis streams, through the
// client library that everybody uses.
//
//   both      producer and consumer processes at once, as fast as it goes: messages a second from
//             the first send to the last settling that was answered
//   --fill    only the producer: leaves --count messages waiting in the queue
//   --groups  the queue is a FIFO queue and the messages are of so many groups, in turns; that each
//             group came in its order is checked as well
//   --from    the queues to receive from, when --queue is a topic that is there
//   --take    only receives: settles so many of the --count messages that were filled in
//   --count-waiting  prints how many messages wait in the queue, once the broker answers
//   latency   the same at --rate: from the moment a message was to be sent to its delivery
//
// The consumer settles a delivery and asks for the next one in the same request; --receives is how
// many such requests are outstanding.

#include <algorithm>
#include <cstdio>
#include <deque>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <time.h>

#include "bench/support/ledger.hpp"
#include "bench/support/load.hpp"
#include "bench/support/processes.hpp"
#include "common/base/bytes.hpp"
#include "common/client/queue_client.hpp"

namespace esteira::bench {

namespace {

using client::QueueClient;

constexpr Millis kWait{1'000};

struct Options {
    Load load;
    std::string endpoint = "tcp://127.0.0.1:5555";
    std::string queue = "esteira-bench";
    std::uint32_t groups = 0;       // 0: a standard queue.
    std::vector<std::string> from;  // Empty: the queue itself.
    bool fill = false;
    std::uint64_t take = 0;  // Of those that wait; 0: produces as well.
    bool count_waiting = false;
};

client::ClientOptions client_options(const Options& options, const char* name) {
    client::ClientOptions result;
    result.endpoint = options.endpoint;
    result.name = name;
    result.patience = Millis{options.load.patience_s * 1'000};
    return result;
}

template <class Kind>
Kind answer_of(const dialogue::Response& response) {
    if (const auto* refused = std::get_if<dialogue::Refused>(&response.answer)) {
        throw std::runtime_error(std::string(dialogue::to_string(refused->code)) + ": " +
                                 refused->reason);
    }
    return std::get<Kind>(response.answer);
}

void check_all_ok(const std::vector<dialogue::ResultRun>& results) {
    for (const auto& run : results) {
        if (run.code != dialogue::Code::ok) {
            throw std::runtime_error(std::string(dialogue::to_string(run.code)) + ": " +
                                     run.reason);
        }
    }
}

// A request's worth of bodies; only the stamps and, in a FIFO queue, groups and ids change.
class Batch {
public:
    Batch(const Options& options) : queue_(options.queue), groups_(options.groups) {
        const std::string body = make_body(options.load);
        bodies_.assign(options.load.batch, body);
        ids_.resize(bodies_.size());
    }

    dialogue::Send stamped(std::uint64_t index, Nanos intended) {
        dialogue::Send send{queue_, {}};
        send.entries.reserve(bodies_.size());
        for (std::size_t i = 0; i < bodies_.size(); ++i) {
            write_stamp(bodies_[i].data(), {index * bodies_.size() + i, intended});
            send.entries.push_back({as_bytes(bodies_[i])});
            if (groups_ > 0) {
                const std::uint64_t number = index * bodies_.size() + i;
                ids_[i] = {"g" + std::to_string(number % groups_), std::to_string(number)};
                send.entries.back().group = ids_[i].group;
                send.entries.back().dedup = ids_[i].dedup;
            }
        }
        return send;
    }

private:
    const std::string& queue_;
    std::uint32_t groups_;
    std::vector<std::string> bodies_;
    struct Ids {
        std::string group;
        std::string dedup;
    };
    std::vector<Ids> ids_;
};

// What one queue has given: each message once, and each group in its order.
class Received {
public:
    explicit Received(const Options& options)
        : ledger(options.load), last_(std::max(options.groups, 1U)), grouped_(options.groups > 0) {}

    void take(std::string_view body, Nanos now) {
        ledger.received(body, now);
        if (!grouped_) {
            return;
        }
        const std::uint64_t number = read_stamp(body.data()).number + 1;
        std::uint64_t& last = last_[number % last_.size()];
        if (number <= last) {
            throw std::runtime_error("a group came out of its order");
        }
        last = number;
    }

    Ledger ledger;

private:
    std::vector<std::uint64_t> last_;
    bool grouped_;
};

void sleep_for(Nanos nanos) {
    const timespec time{.tv_sec = nanos / 1'000'000'000, .tv_nsec = nanos % 1'000'000'000};
    nanosleep(&time, nullptr);
}

void produce(const Options& options, RunTimes& times) {
    const Load& load = options.load;
    QueueClient producer(client_options(options, "bench-producer"));
    Batch batch(options);
    const Timetable timetable(load, monotonic_now());
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    while (answered < load.batches()) {
        const Nanos now = monotonic_now();
        const std::uint64_t most = std::min(load.inflight + answered, load.batches());
        while (sent < most && timetable.due(sent) <= now) {
            const Nanos intended = timetable.paced() ? timetable.due(sent) : now;
            if (!producer.submit(batch.stamped(sent, intended))) {
                break;
            }
            ++sent;
        }
        if (times.first_send == 0) {
            times.first_send = now;
        }
        Millis wait{1'000};
        if (timetable.paced() && sent < most) {
            const Nanos left = std::max<Nanos>(0, timetable.due(sent) - monotonic_now());
            wait = Millis{left / 1'000'000};
            if (wait == Millis{0}) {
                sleep_for(left);  // Polling by milliseconds would spin through the rest.
            }
        }
        while (auto reply = producer.poll(wait)) {
            check_all_ok(answer_of<dialogue::SendReply>(reply->response).results);
            ++answered;
            wait = Millis{0};
        }
    }
    times.last_answer = monotonic_now();
}

void consume(const Options& options, const std::string& queue, Received& got) {
    const Load& load = options.load;
    const std::uint64_t wanted = options.take > 0 ? options.take : load.count;
    QueueClient consumer(client_options(options, "bench-consumer"));
    const dialogue::Receive ask{queue, load.receive, kWait, {}};
    for (std::uint32_t i = 0; i < load.receives; ++i) {
        consumer.submit(ask);
    }
    std::uint64_t settling = 0;
    const auto complete = [&] { return got.ledger.distinct() >= wanted; };
    while (!complete() || settling > 0) {
        const auto reply = consumer.poll(kWait);
        if (!reply) {
            continue;
        }
        if (const auto* settled = std::get_if<dialogue::SettleReply>(&reply->response.answer)) {
            check_all_ok(settled->results);
            --settling;
            continue;
        }
        const auto received = answer_of<dialogue::ReceiveReply>(reply->response);
        const Nanos now = monotonic_now();
        for (const dialogue::Delivery& message : received.messages) {
            got.take(as_text(message.body), now);
        }
        if (received.messages.empty()) {
            if (!complete()) {
                consumer.submit(ask);
            }
            continue;
        }
        dialogue::Settle settle;
        settle.verdicts.push_back({received.receipt, 0, received.receipt.count});
        if (!complete()) {
            settle.next = {0, ask};
        }
        consumer.submit(std::move(settle));
        ++settling;
    }
}

std::string attribute(const dialogue::QueueReply& queue, std::string_view name) {
    for (const auto& [key, value] : queue.attributes) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::vector<std::string> sources(const Options& options) {
    return options.from.empty() ? std::vector{options.queue} : options.from;
}

void check_empty(const Options& options, const std::string& name_of_queue) {
    QueueClient admin(client_options(options, "bench"));
    const auto queue = admin.get_queue(name_of_queue);
    if (!queue) {
        throw std::runtime_error(queue.error().reason);
    }
    for (const char* name :
         {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"}) {
        if (attribute(queue.value(), name) != "0") {
            throw std::runtime_error(std::string(name) + " is not 0 at the end");
        }
    }
}

void make_queue(const Options& options) {
    QueueClient admin(client_options(options, "bench"));
    dialogue::Attributes attributes;
    if (options.groups > 0) {
        attributes.emplace_back("FifoQueue", "true");
    }
    const auto made = admin.create_queue({options.queue, attributes, {}});
    if (!made) {
        throw std::runtime_error(made.error().reason);
    }
}

void fill(const Options& options) {
    RunTimes times;
    make_queue(options);
    produce(options, times);
    const double seconds = static_cast<double>(times.last_answer - times.first_send) / 1e9;
    if (options.load.json) {
        std::printf("{\"sent\":%llu,\"send_msg_s\":%.0f}\n",
                    static_cast<unsigned long long>(options.load.count),
                    static_cast<double>(options.load.count) / seconds);
    }
}

void take(const Options& options) {
    Received got(options);
    const Nanos start = monotonic_now();
    consume(options, options.queue, got);
    const double seconds = static_cast<double>(monotonic_now() - start) / 1e9;
    std::printf("{\"taken\":%llu,\"msg_s\":%.0f}\n",
                static_cast<unsigned long long>(got.ledger.distinct()),
                static_cast<double>(got.ledger.distinct()) / seconds);
}

void count_waiting(const Options& options) {
    QueueClient admin(client_options(options, "bench"));
    const auto queue = admin.get_queue(options.queue);
    if (!queue) {
        throw std::runtime_error(queue.error().reason);
    }
    std::puts(attribute(queue.value(), "ApproximateNumberOfMessages").c_str());
}

// Each source on a thread of its own, as each has workers of its own.
void consume_all(const Options& options, std::deque<Received>& got) {
    std::vector<std::future<void>> consumers;
    for (const std::string& queue : sources(options)) {
        Received& received = got.emplace_back(options);
        consumers.push_back(std::async(std::launch::async, [&options, queue, &received] {
            consume(options, queue, received);
        }));
    }
    for (auto& consumer : consumers) {
        consumer.get();
    }
}

void run(const Options& options) {
    if (options.from.empty()) {
        {
            QueueClient admin(client_options(options, "bench"));
            (void)admin.delete_queue(options.queue);
        }
        make_queue(options);
    }
    set_exact_timers();
    std::deque<Received> got;
    const RunTimes times = run_both([&](RunTimes& shared) { produce(options, shared); },
                                    [&](RunTimes& shared) {
                                        consume_all(options, got);
                                        shared.last_settle = monotonic_now();
                                    });
    for (const Received& received : got) {
        if (received.ledger.repeated() != 0) {
            throw std::runtime_error("a message was received twice");
        }
    }
    for (const std::string& queue : sources(options)) {
        check_empty(options, queue);
    }
    report("esteira", options.load, times, got.front().ledger);
}

}  // namespace

}  // namespace esteira::bench

int main(int argc, char** argv) {
    using namespace esteira::bench;
    Options options;
    CLI::App app{"Messages a second, or their latency, through the broker"};
    add_load_options(app, options.load);
    app.add_option("--endpoint", options.endpoint, "the broker's")->capture_default_str();
    app.add_option("--queue", options.queue, "made for the run")->capture_default_str();
    app.add_option("--groups", options.groups, "of a FIFO queue; 0: a standard queue");
    app.add_option("--from", options.from, "queues to receive from, when --queue is a topic");
    app.add_option("--take", options.take, "only receive so many of --count that wait");
    app.add_flag("--fill", options.fill, "only send, and leave it there");
    app.add_flag("--count-waiting", options.count_waiting, "only print how many wait");
    try {
        app.parse(argc, argv);
        check_load(options.load);
        if (options.fill) {
            fill(options);
        } else if (options.take > 0) {
            take(options);
        } else if (options.count_waiting) {
            count_waiting(options);
        } else {
            run(options);
        }
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "esteira-bench-broker: %s\n", error.what());
        return 1;
    }
    return 0;
}

// What Redis streams do with the load of esteira-bench-broker, so that both can stand side by side.
// The server must be `appendfsync always`, or it answers before anything is durable.
//
//   both      producer and consumer processes at once, as fast as it goes: messages a second from
//             the first send to the last acknowledgement
//   latency   the same at --rate: from the moment a message was to be sent to its delivery
//
// A send is --batch XADDs in one of three shapes (--send): `pipeline` (plain XADDs), `multi` (in
// MULTI/EXEC) and `script` (one EVALSHA that adds them all). Redis wakes a waiting reader after
// each command, so the first shape often hands it a single message; the other two a whole batch.
// A receive is XREADGROUP COUNT --receive BLOCK, and the XACK + XDEL of what was received before
// travel in front of it in the same write. --receives is the number of such connections.

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <poll.h>
#include <time.h>

#include "bench/peers/redis_link.hpp"
#include "bench/support/ledger.hpp"
#include "bench/support/load.hpp"
#include "bench/support/processes.hpp"

namespace esteira::bench {

namespace {

constexpr char kStream[] = "esteira-bench";
constexpr char kGroup[] = "workers";
constexpr char kScript[] =
    "for i = 1, #ARGV do redis.call('XADD', KEYS[1], '*', 'b', ARGV[i]) end return #ARGV";

struct Options {
    Load load;
    RedisAddress address;
    std::string send = "pipeline";
    std::string script_sha;
};

// A send request, formatted once; only the stamps change.
class SendRequest {
public:
    explicit SendRequest(const Options& options) : batch_(options.load.batch) {
        const std::string body = make_body(options.load);
        if (options.send == "script") {
            append_command_head(text_, 4 + batch_);
            for (const std::string& word : {std::string("EVALSHA"), options.script_sha,
                                            std::string("1"), std::string(kStream)}) {
                append_word(text_, word);
            }
        } else if (options.send == "multi") {
            append_command_head(text_, 1);
            append_word(text_, "MULTI");
        }
        for (std::uint32_t i = 0; i < batch_; ++i) {
            if (options.send != "script") {
                append_xadd_head();
            }
            append_word(text_, body);
            bodies_.push_back(text_.size() - body.size() - 2);
        }
        if (options.send == "multi") {
            append_command_head(text_, 1);
            append_word(text_, "EXEC");
        }
        replies_ = options.send == "script" ? 1 : options.send == "multi" ? batch_ + 2 : batch_;
    }

    std::uint64_t replies() const { return replies_; }

    // The request for batch `index`.
    const std::string& stamped(std::uint64_t index, Nanos intended) {
        for (std::uint32_t i = 0; i < batch_; ++i) {
            write_stamp(text_.data() + bodies_[i], {index * batch_ + i, intended});
        }
        return text_;
    }

private:
    void append_xadd_head() {
        append_command_head(text_, 5);
        for (const char* word : {"XADD", kStream, "*", "b"}) {
            append_word(text_, word);
        }
    }

    std::uint32_t batch_;
    std::uint64_t replies_ = 0;
    std::string text_;
    std::vector<std::size_t> bodies_;
};

// False when nothing can be read from `link` until `due`.
bool readable_before(const RedisLink& link, Nanos due) {
    const Nanos wait = std::max<Nanos>(0, due - monotonic_now());
    const timespec timeout{.tv_sec = wait / 1'000'000'000, .tv_nsec = wait % 1'000'000'000};
    pollfd entry{.fd = link.descriptor(), .events = POLLIN, .revents = 0};
    return ppoll(&entry, 1, &timeout, nullptr) > 0;
}

void produce(const Options& options, RunTimes& times) {
    const Load& load = options.load;
    RedisLink link(options.address, load.patience_s);
    SendRequest request(options);
    const Timetable timetable(load, monotonic_now());
    std::uint64_t sent = 0;
    std::uint64_t replies = 0;
    while (replies < load.batches() * request.replies()) {
        const Nanos now = monotonic_now();
        const std::uint64_t room = load.inflight + replies / request.replies();
        while (sent < std::min(room, load.batches()) && timetable.due(sent) <= now) {
            const Nanos intended = timetable.paced() ? timetable.due(sent) : now;
            link.out() += request.stamped(sent, intended);
            ++sent;
        }
        if (times.first_send == 0) {
            times.first_send = now;
        }
        link.flush();
        const bool paced = timetable.paced() && sent < std::min(room, load.batches());
        if (paced && !readable_before(link, timetable.due(sent))) {
            continue;
        }
        link.read_some();
        while (link.next() != nullptr) {
            ++replies;
        }
    }
    times.last_answer = monotonic_now();
}

// Receives, settles and asks again, on as many connections as there are receives outstanding.
class Consumer {
public:
    Consumer(const Options& options, Ledger& ledger) : load_(options.load), ledger_(ledger) {
        const std::string count = std::to_string(load_.receive);
        for (std::uint32_t i = 0; i < load_.receives; ++i) {
            links_.emplace_back(options.address, load_.patience_s);
            const std::string name = "c" + std::to_string(i);
            append_command_head(reads_.emplace_back(), 11);
            for (const char* word : {"XREADGROUP", "GROUP", kGroup, name.c_str(), "COUNT",
                                     count.c_str(), "BLOCK", "0", "STREAMS", kStream, ">"}) {
                append_word(reads_.back(), word);
            }
        }
    }

    void run() {
        for (std::size_t i = 0; i < links_.size(); ++i) {
            links_[i].out() += reads_[i];
            links_[i].flush();
        }
        while (!ledger_.complete() || answers_ < requests_) {
            take(wait());
        }
        // An acknowledgement answers how many entries it removed: once for XACK, once for XDEL.
        if (removed_ != 2 * load_.count) {
            throw std::runtime_error("not all was removed");
        }
    }

private:
    // The connection that has something to read.
    std::size_t wait() {
        if (links_.size() == 1) {
            return 0;
        }
        std::vector<pollfd> entries;
        for (const RedisLink& link : links_) {
            entries.push_back({.fd = link.descriptor(), .events = POLLIN, .revents = 0});
        }
        if (poll(entries.data(), entries.size(), static_cast<int>(load_.patience_s) * 1'000) <= 0) {
            throw std::runtime_error("no progress");
        }
        for (std::size_t i = 1; i <= entries.size(); ++i) {  // Each in its turn.
            const std::size_t candidate = (last_ + i) % entries.size();
            if (entries[candidate].revents != 0) {
                return last_ = candidate;
            }
        }
        return last_;
    }

    void take(std::size_t index) {
        RedisLink& link = links_[index];
        link.read_some();
        const Nanos now = monotonic_now();
        while (const RedisReply* reply = link.next()) {
            if (reply->type == REDIS_REPLY_INTEGER) {
                removed_ += static_cast<std::uint64_t>(reply->number);
                ++answers_;
                continue;
            }
            count(*reply, now);
            append_settling(link.out(), *reply);
            if (!ledger_.complete()) {
                link.out() += reads_[index];
            }
        }
        link.flush();
    }

    void count(const RedisReply& reply, Nanos now) {
        std::size_t begin = 0;
        for (const std::uint32_t size : reply.value_sizes) {
            ledger_.received(std::string_view(reply.values).substr(begin, size), now);
            begin += size;
        }
    }

    void append_settling(std::string& out, const RedisReply& reply) {
        append_command_head(out, 3 + reply.entries());
        for (const char* word : {"XACK", kStream, kGroup}) {
            append_word(out, word);
        }
        out += reply.ids;
        append_command_head(out, 2 + reply.entries());
        for (const char* word : {"XDEL", kStream}) {
            append_word(out, word);
        }
        out += reply.ids;
        requests_ += 2;
    }

    const Load& load_;
    Ledger& ledger_;
    std::vector<RedisLink> links_;
    std::vector<std::string> reads_;
    std::size_t last_ = 0;
    std::uint64_t requests_ = 0;
    std::uint64_t answers_ = 0;
    std::uint64_t removed_ = 0;
};

// An empty stream with its group, and what the server says of itself.
std::string prepare(Options& options) {
    const RedisContext admin = connect_redis(options.address, options.load.patience_s);
    ask_redis(admin.get(), {"DEL", kStream});
    ask_redis(admin.get(), {"XGROUP", "CREATE", kStream, kGroup, "$", "MKSTREAM"});
    options.script_sha = ask_redis(admin.get(), {"SCRIPT", "LOAD", kScript});
    const std::string info = ask_redis(admin.get(), {"INFO", "server"});
    const std::size_t at = info.find("redis_version:") + 14;
    return "redis " + info.substr(at, info.find('\r', at) - at) +
           " appendonly=" + ask_redis(admin.get(), {"CONFIG", "GET", "appendonly"}) +
           " appendfsync=" + ask_redis(admin.get(), {"CONFIG", "GET", "appendfsync"}) +
           " send=" + options.send;
}

void check_empty(const Options& options) {
    const RedisContext admin = connect_redis(options.address, options.load.patience_s);
    if (ask_redis(admin.get(), {"XLEN", kStream}) != "0") {
        throw std::runtime_error("the stream is not empty at the end");
    }
    const std::string pending =
        ask_redis(admin.get(), {"XPENDING", kStream, kGroup, "-", "+", "1"});
    if (!pending.empty()) {
        throw std::runtime_error("something is pending at the end");
    }
    ask_redis(admin.get(), {"DEL", kStream});
}

void run(Options& options) {
    const std::string peer = prepare(options);
    set_exact_timers();
    Ledger ledger(options.load);
    const RunTimes times = run_both([&](RunTimes& shared) { produce(options, shared); },
                                    [&](RunTimes& shared) {
                                        Consumer(options, ledger).run();
                                        shared.last_settle = monotonic_now();
                                    });
    if (ledger.repeated() != 0) {
        throw std::runtime_error("a message was received twice");
    }
    check_empty(options);
    report(peer, options.load, times, ledger);
}

// redis://host:port; the port may be left out.
RedisAddress parse_url(const std::string& url) {
    static constexpr std::string_view kScheme = "redis://";
    if (!url.starts_with(kScheme)) {
        throw CLI::ValidationError("--url", "redis://host:port");
    }
    RedisAddress address;
    address.host = url.substr(kScheme.size());
    const std::size_t colon = address.host.rfind(':');
    if (colon != std::string::npos) {
        address.port = std::stoi(address.host.substr(colon + 1));
        address.host.resize(colon);
    }
    return address;
}

}  // namespace

}  // namespace esteira::bench

int main(int argc, char** argv) {
    using namespace esteira::bench;
    Options options;
    std::string url;
    CLI::App app{"The load of esteira-bench-broker on Redis streams"};
    add_load_options(app, options.load);
    app.add_option("--socket", options.address.socket, "the server's Unix socket");
    app.add_option("--url", url, "redis://host:port")->excludes("--socket");
    app.add_option("--send", options.send, "shape of a send")
        ->check(CLI::IsMember({"pipeline", "multi", "script"}))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
        check_load(options.load);
        if (!url.empty()) {
            options.address = parse_url(url);
        }
        run(options);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "esteira-bench-redis: %s\n", error.what());
        return 1;
    }
    return 0;
}

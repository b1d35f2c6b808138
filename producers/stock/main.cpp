// esteira-produce-stock: what points of sale send. Every product of a list in every branch, 35
// items a message, with a random quantity and the time of now, once or several times over.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "common/cli/app.hpp"
#include "common/cli/checks.hpp"
#include "common/cli/format.hpp"
#include "common/cli/progress.hpp"
#include "common/config/config.hpp"
#include "common/config/flags.hpp"
#include "producers/stock/messages.hpp"
#include "producers/support/batch_sender.hpp"

namespace esteira::stock {
namespace {

using cli::ExitCode;
using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t interrupted = 0;

// Without SA_RESTART, so that a wait ends at once. A second signal ends the process.
void listen_to_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM}) {
        sigaction(signal, &action, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);
}

struct Options {
    cli::Common common;
    std::string queue = "stock";
    std::string products;       // A file; empty: made up.
    std::size_t count = 1'000;  // Of the made-up ones.
    std::vector<std::string> branches{"1001", "1002"};
    std::uint64_t seed = 0;
    std::size_t items = kItemsPerMessage;
    std::uint32_t times = 1;   // How often the whole list is sent.
    std::string time;          // Of the positions of the first pass; empty: the time of sending.
    std::uint32_t batch = 10;  // Messages of one request.
    double rate = 0;           // Messages a second; 0: as fast as it goes.
    bool verbose = false;
    producers::SenderOptions sender;
};

std::vector<Product> products_of(const Options& options) {
    if (options.products.empty()) {
        return made_up_catalogue(options.seed, options.count);
    }
    auto products = read_catalogue(options.products);
    if (!products) {
        throw cli::Failure(ExitCode::error, products.error());
    }
    return std::move(products).value();
}

contracts::Instant now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

std::optional<contracts::Instant> fixed_time_of(const Options& options,
                                                const contracts::Zone& zone) {
    if (options.time.empty()) {
        return std::nullopt;
    }
    const auto time = contracts::parse_time(options.time, zone);
    if (!time) {
        throw cli::Failure(ExitCode::usage, "--time: " + time.error());
    }
    return time.value();
}

class Run {
public:
    Run(Options options, contracts::Zone zone)
        : options_(std::move(options)),
          zone_(std::move(zone)),
          fixed_time_(fixed_time_of(options_, zone_)),
          products_(products_of(options_)),
          maker_(products_, options_.branches, options_.seed, options_.items),
          progress_("produce stock", maker_.messages_total() * options_.times, "messages",
                    cli::Progress::mode_for(options_.common)),
          sender_(options_.sender, [this](const auto& outcome) { told(outcome); }) {}

    ExitCode run() {
        const ExitCode ended = send_all();
        progress_.finish();
        summarize(ended);
        return ended;
    }

private:
    void told(const producers::BatchSender::Outcome& outcome) {
        const dialogue::ResultRun& result = outcome.result;
        if (result.code != dialogue::Code::ok) {
            cli::say(std::string(dialogue::to_string(result.code)) + ": " + result.reason);
        } else if (options_.verbose) {
            for (std::uint32_t i = 0; i < result.count; ++i) {
                const MessageNumber number{result.first.value + i};
                const std::string id = dialogue::message_id(outcome.broker, number);
                options_.common.json ? cli::say(id) : static_cast<void>(std::puts(id.c_str()));
            }
        }
        progress_.update(sender_.counts().sent);
    }

    // No faster than the rate; meanwhile answers are taken.
    void pace() {
        if (options_.rate <= 0) {
            return;
        }
        const auto due =
            std::chrono::duration<double>(static_cast<double>(taken_over_) / options_.rate);
        sender_.work_until(started_ + std::chrono::duration_cast<Clock::duration>(due));
    }

    bool done() const { return maker_.done() && pass_ + 1 == options_.times; }

    // Each pass is dated a second later than the one before, so that the newest wins.
    std::string next_body() {
        if (maker_.done()) {
            ++pass_;
            maker_ =
                MessageMaker(products_, options_.branches, options_.seed + pass_, options_.items);
        }
        return maker_.next(fixed_time_.value_or(now()) + std::chrono::seconds(pass_), zone_);
    }

    void send_batch() {
        std::vector<std::string> bodies;
        while (bodies.size() < options_.batch && !done()) {
            bodies.push_back(next_body());
        }
        dialogue::Send send{options_.queue, {}};
        for (const std::string& body : bodies) {
            send.entries.emplace_back().body = as_bytes(body);
        }
        pace();
        sender_.send(++batches_, send);
        taken_over_ += bodies.size();
    }

    ExitCode send_all() {
        try {
            while (!done()) {
                send_batch();
            }
            sender_.finish();
        } catch (const producers::Interrupted&) {
            return ExitCode::interrupted;
        } catch (const client::Unreachable& error) {
            cli::say(error.what());
            return ExitCode::unreachable;
        } catch (const producers::SpoolFull& error) {
            cli::say(error.what());
            return ExitCode::unreachable;
        } catch (const producers::KeptOut& error) {
            cli::say(error.what());
            return ExitCode::timeout;
        }
        if (sender_.counts().failed == 0) {
            return ExitCode::ok;
        }
        if (sender_.counts().sent > 0) {
            return ExitCode::partial;
        }
        const bool no_queue = sender_.counts().reasons.contains("no_such_queue");
        return no_queue ? ExitCode::not_found : ExitCode::error;
    }

    void summarize(ExitCode ended) const {
        const producers::SenderCounts& counts = sender_.counts();
        const std::uint64_t items =
            ended == ExitCode::ok ? products_.size() * options_.branches.size() * options_.times
                                  : 0;  // Which of them were in what was lost is not known.
        const auto spooled = sender_.waiting_messages();
        if (options_.common.json) {
            nlohmann::ordered_json document{{"messages", counts.sent},
                                            {"items", items},
                                            {"failed", counts.failed},
                                            {"waiting", spooled},
                                            {"from_spool", counts.from_spool}};
            for (const auto& [code, reason] : counts.reasons) {
                document["reasons"][code] = {{"messages", reason.messages}, {"last", reason.last}};
            }
            return cli::print_json(document);
        }
        if (options_.common.quiet) {
            return;
        }
        cli::say("sent " + cli::human_count(counts.sent) + " messages, " + cli::human_count(items) +
                 " items; failed " + cli::human_count(counts.failed) +
                 (spooled > 0 ? "; waiting " + cli::human_count(spooled) : ""));
    }

    Options options_;
    contracts::Zone zone_;
    std::optional<contracts::Instant> fixed_time_;
    std::vector<Product> products_;
    MessageMaker maker_;
    std::uint32_t pass_ = 0;
    cli::Progress progress_;
    producers::BatchSender sender_;
    Clock::time_point started_ = Clock::now();
    std::uint64_t taken_over_ = 0;
    std::uint64_t batches_ = 0;
};

ExitCode produce(Options options, const config::Sources& sources) {
    std::string zone_name;
    try {
        const config::Config settings = config::load(sources).config;
        options.sender.client.endpoint = settings.broker.endpoint;
        zone_name = settings.business.zone;
    } catch (const config::ConfigError& error) {
        throw cli::Failure(ExitCode::configuration, error.what());
    }
    auto zone = contracts::Zone::load(zone_name);
    if (!zone) {
        throw cli::Failure(ExitCode::configuration, zone.error());
    }
    options.sender.client.name = "esteira-produce-stock";
    options.sender.interrupted = [] { return interrupted != 0; };
    return Run(std::move(options), std::move(zone).value()).run();
}

}  // namespace
}  // namespace esteira::stock

int main(int argc, char** argv) {
    using namespace esteira;
    CLI::App app{"Sends stock positions as points of sale do: every product in every branch.",
                 "esteira-produce-stock"};
    stock::Options options;
    cli::prepare(app, options.common,
                 {"esteira-produce-stock", "esteira-produce-stock --products produtos.json",
                  "esteira-produce-stock --count 5000 --branches 1001 1002 1003 --rate 100",
                  "esteira-produce-stock --items 1 --times 3 --time '2024-05-01 08:00:00'"});
    config::Sources sources;
    config::add_flags(app, sources);
    double patience_s = 30;
    app.add_option("--queue", options.queue, "Where the messages go")
        ->check(cli::queue_name())
        ->capture_default_str();
    app.add_option("--products", options.products,
                   "JSON array of {\"codigo_barra\": ..., \"nome_produto\": ...}")
        ->type_name("FILE");
    app.add_option("--count", options.count, "Products to make up when there is no file")
        ->check(cli::whole_number(1, stock::kCatalogueMax))
        ->excludes("--products")
        ->capture_default_str();
    app.add_option("--branches", options.branches, "Each gets every product, in this order")
        ->capture_default_str();
    app.add_option("--seed", options.seed, "Of made-up products and of the quantities")
        ->check(cli::whole_number())
        ->capture_default_str();
    app.add_option("--items", options.items, "Positions in one message, at most")
        ->check(cli::whole_number(1, stock::kItemsPerMessageMax))
        ->capture_default_str();
    app.add_option("--times", options.times,
                   "Send the whole list so often, each time dated a second later")
        ->check(cli::whole_number(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--time", options.time,
                   "Date of the positions instead of now: 'YYYY-MM-DD HH:MM:SS'")
        ->type_name("TIME");
    app.add_option("--batch", options.batch, "Messages of one request")
        ->check(cli::whole_number(1, limits::kRequestEntriesMax))
        ->capture_default_str();
    app.add_option("--rate", options.rate, "Messages a second, at most; as fast as it goes if 0")
        ->check(cli::decimal_number(0, 1e9));
    app.add_option("--patience", patience_s, "Seconds without an answer before giving up")
        ->check(cli::decimal_number(0.1, 86'400.0))
        ->capture_default_str();
    app.add_option("--spool", options.sender.spool,
                   "Folder that keeps batches until the broker has them")
        ->type_name("DIR");
    app.add_flag("--verbose,-v", options.verbose, "Print the id of each message");
    stock::listen_to_signals();
    return cli::run(app, argc, argv, [&] {
        options.sender.client.patience = Millis{static_cast<std::int64_t>(patience_s * 1000)};
        return stock::produce(std::move(options), sources);
    });
}

// esteira-produce-stock: what points of sale send. Every product of a list in every branch, 35
// items a message, with a random quantity and the time of now, once or several times over.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/cli/checks.hpp"
#include "common/cli/format.hpp"
#include "common/cli/progress.hpp"
#include "producers/stock/messages.hpp"
#include "producers/support/run.hpp"

namespace esteira::stock {
namespace {

using cli::ExitCode;
using Clock = std::chrono::steady_clock;

struct Options {
    producers::RunOptions run;
    std::string products;       // A file; empty: made up.
    std::size_t count = 1'000;  // Of the made-up ones.
    std::vector<std::string> branches{"1001", "1002"};
    std::uint64_t seed = 0;
    std::size_t items = kItemsPerMessage;
    std::uint32_t times = 1;  // How often the whole list is sent.
    std::string time;         // Of the positions of the first pass; empty: the time of sending.
    double rate = 0;          // Messages a second; 0: as fast as it goes.
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
                    cli::Progress::mode_for(options_.run.common)),
          sender_(options_.run.sender, [this](const auto& outcome) { told(outcome); }) {}

    ExitCode run() {
        const ExitCode ended = producers::conclude(sender_, [this] {
            while (!done()) {
                send_batch();
            }
        });
        progress_.finish();
        summarize(ended);
        return ended;
    }

private:
    void told(const producers::BatchSender::Outcome& outcome) {
        producers::tell(outcome, options_.run);
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
        while (bodies.size() < options_.run.batch && !done()) {
            bodies.push_back(next_body());
        }
        dialogue::Send send{options_.run.queue, {}};
        for (const std::string& body : bodies) {
            send.entries.emplace_back().body = as_bytes(body);
        }
        pace();
        sender_.send(++batches_, send);
        taken_over_ += bodies.size();
    }

    void summarize(ExitCode ended) const {
        const std::uint64_t items =
            ended == ExitCode::ok ? products_.size() * options_.branches.size() * options_.times
                                  : 0;  // Which of them were in what was lost is not known.
        producers::summarize(sender_, options_.run, {{"items", items}},
                             cli::human_count(items) + " items");
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

ExitCode produce(Options options) {
    const config::Config settings = producers::load_settings(options.run, "esteira-produce-stock");
    auto zone = contracts::Zone::load(settings.business.zone);
    if (!zone) {
        throw cli::Failure(ExitCode::configuration, zone.error());
    }
    return Run(std::move(options), std::move(zone).value()).run();
}

}  // namespace
}  // namespace esteira::stock

int main(int argc, char** argv) {
    using namespace esteira;
    CLI::App app{"Sends stock positions as points of sale do: every product in every branch.",
                 "esteira-produce-stock"};
    stock::Options options;
    cli::prepare(app, options.run.common,
                 {"esteira-produce-stock", "esteira-produce-stock --products produtos.json",
                  "esteira-produce-stock --count 5000 --branches 1001 1002 1003 --rate 100",
                  "esteira-produce-stock --items 1 --times 3 --time '2024-05-01 08:00:00'"});
    producers::add_flags(app, options.run, "stock");
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
    app.add_option("--rate", options.rate, "Messages a second, at most; as fast as it goes if 0")
        ->check(cli::decimal_number(0, 1e9));
    producers::listen_to_signals();
    return cli::run(app, argc, argv, [&] { return stock::produce(std::move(options)); });
}

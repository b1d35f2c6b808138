// esteira-produce-shop: what a web shop says of its customers, products, orders and carts, all made
// up, the same for the same seed and day.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/cli/checks.hpp"
#include "common/cli/format.hpp"
#include "common/cli/progress.hpp"
#include "producers/shop/shop.hpp"
#include "producers/support/run.hpp"

namespace esteira::shop {
namespace {

using cli::ExitCode;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kEachMax = 10'000'000;

struct Options {
    producers::RunOptions run;
    ShopSize size;
    std::uint64_t seed = 0;
    std::string until;  // YYYY-MM-DD; empty: today.
    bool history = false;
    bool embed = false;
    std::uint64_t items = 35;  // Of one message.
    double rate = 0;           // Messages a second; 0: as fast as it goes.
};

std::chrono::year_month_day until_of(const Options& options, const contracts::Zone& zone) {
    using contracts::Instant;
    Instant moment =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    if (!options.until.empty()) {
        const auto time = contracts::parse_time(options.until + " 12:00:00", zone);
        if (!time) {
            throw cli::Failure(ExitCode::usage, "--until: no day like 2026-01-31");
        }
        moment = time.value();
    }
    const auto day = std::chrono::floor<std::chrono::days>(zone.local(moment));
    const std::chrono::year_month_day until = std::chrono::sys_days(day.time_since_epoch());
    // Everything lies in the 31 days before, and has to be what the contract takes.
    const auto now = std::chrono::system_clock::now();
    if (until < std::chrono::year(2000) / 3 / 1 ||
        std::chrono::sys_days(until) > now + std::chrono::days(1)) {
        throw cli::Failure(ExitCode::usage, "--until: from 2000-03-01 to tomorrow");
    }
    return until;
}

// Everything that is to be sent, one after the other: what others refer to comes first.
class Sequence {
public:
    Sequence(const Shop& shop, bool history) : shop_(shop), history_(history) {}

    // Nothing when all is said.
    std::optional<std::string> next() {
        const ShopSize& size = shop_.size();
        if (customers_ < size.customers) {
            return shop_.customer(customers_++);
        }
        if (products_ < size.products) {
            return shop_.product(products_++);
        }
        if (orders_ < size.orders) {
            return next_order();
        }
        if (carts_ < size.carts) {
            return shop_.cart(carts_++);
        }
        return std::nullopt;
    }
    // Orders that were given in full.
    std::uint64_t orders() const { return orders_; }

private:
    std::string next_order() {
        const std::uint64_t versions = shop_.versions_of(orders_);
        const std::uint64_t version = history_ ? version_ : versions - 1;
        std::string order = shop_.order(orders_, version);
        if (++version_ == versions || !history_) {
            ++orders_;
            version_ = 0;
        }
        return order;
    }

    const Shop& shop_;
    bool history_;
    std::uint64_t customers_ = 0;
    std::uint64_t products_ = 0;
    std::uint64_t orders_ = 0;
    std::uint64_t version_ = 0;
    std::uint64_t carts_ = 0;
};

std::uint64_t count_of(const Shop& shop, bool history) {
    const ShopSize& size = shop.size();
    std::uint64_t orders = history ? 0 : size.orders;
    for (std::uint64_t i = 0; history && i < size.orders; ++i) {
        orders += shop.versions_of(i);
    }
    return size.customers + size.products + orders + size.carts;
}

class Run {
public:
    Run(const Options& options, const Shop& shop)
        : options_(options),
          sequence_(shop, options.history),
          progress_("produce shop", count_of(shop, options.history), "items",
                    cli::Progress::mode_for(options.run.common)),
          sender_(options.run.sender,
                  [this](const auto& outcome) { producers::tell(outcome, options_.run); }) {}

    ExitCode run() {
        const ExitCode ended = producers::conclude(sender_, [&] {
            while (send_batch()) {
            }
        });
        progress_.finish();
        producers::summarize(sender_, options_.run, {{"items", items_}},
                             cli::human_count(items_) + " items");
        return ended;
    }

private:
    // False: there was nothing left.
    bool send_batch() {
        std::vector<std::string> bodies;
        while (bodies.size() < options_.run.batch) {
            std::string body = next_body();
            if (body.empty()) {
                break;
            }
            bodies.push_back(std::move(body));
        }
        if (bodies.empty()) {
            return false;
        }
        dialogue::Send send{options_.run.queue, {}};
        for (const std::string& body : bodies) {
            send.entries.emplace_back().body = as_bytes(body);
        }
        pace();
        sender_.send(++batches_, send);
        messages_ += bodies.size();
        progress_.update(items_);
        return true;
    }

    std::string next_body() {
        std::string body;
        for (std::uint64_t i = 0; i < options_.items; ++i) {
            const auto item = sequence_.next();
            if (!item) {
                break;
            }
            body += (body.empty() ? "[" : ",") + *item;
            ++items_;
        }
        return body.empty() ? body : body + "]";
    }

    // No faster than the rate; meanwhile answers are taken.
    void pace() {
        if (options_.rate > 0) {
            const std::chrono::duration<double> due(static_cast<double>(messages_) / options_.rate);
            sender_.work_until(started_ + std::chrono::duration_cast<Clock::duration>(due));
        }
    }

    const Options& options_;
    Sequence sequence_;
    cli::Progress progress_;
    producers::BatchSender sender_;
    Clock::time_point started_ = Clock::now();
    std::uint64_t batches_ = 0;
    std::uint64_t messages_ = 0;
    std::uint64_t items_ = 0;
};

ExitCode produce(Options& options) {
    if (options.size.orders + options.size.carts > 0 &&
        (options.size.customers == 0 || options.size.products == 0)) {
        throw cli::Failure(ExitCode::usage,
                           "orders and carts need --customers and --products above 0");
    }
    const config::Config settings = producers::load_settings(options.run, "esteira-produce-shop");
    const auto zone = contracts::Zone::load(settings.business.zone);
    if (!zone) {
        throw cli::Failure(ExitCode::configuration, zone.error());
    }
    const Shop shop(options.size, options.seed, until_of(options, zone.value()), zone.value(),
                    options.embed);
    return Run(options, shop).run();
}

}  // namespace
}  // namespace esteira::shop

int main(int argc, char** argv) {
    using namespace esteira;
    CLI::App app{"Sends a web shop's customers, products, orders and carts, all made up.",
                 "esteira-produce-shop"};
    shop::Options options;
    cli::prepare(app, options.run.common,
                 {"esteira-produce-shop",
                  "esteira-produce-shop --customers 1000 --products 500 --orders 5000 --carts 200",
                  "esteira-produce-shop --seed 7 --until 2026-01-31 --history --rate 50"});
    producers::add_flags(app, options.run, "orders");
    const auto count = cli::whole_number(0, shop::kEachMax);
    app.add_option("--customers", options.size.customers, "How many")
        ->check(count)
        ->capture_default_str();
    app.add_option("--products", options.size.products, "How many")
        ->check(count)
        ->capture_default_str();
    app.add_option("--orders", options.size.orders, "How many, of the last 30 days")
        ->check(count)
        ->capture_default_str();
    app.add_option("--carts", options.size.carts, "How many")->check(count)->capture_default_str();
    app.add_option("--seed", options.seed, "Another seed, another shop")
        ->check(cli::whole_number())
        ->capture_default_str();
    app.add_option("--until", options.until,
                   "The day before which everything happens, YYYY-MM-DD; today if not said")
        ->type_name("DAY");
    app.add_flag("--history", options.history,
                 "Every status that an order went through, not the last one alone");
    app.add_flag("--embed", options.embed, "Orders hold their customer");
    app.add_option("--items", options.items, "Things in one message, at most")
        ->check(cli::whole_number(1, 1'000))
        ->capture_default_str();
    app.add_option("--rate", options.rate, "Messages a second, at most; as fast as it goes if 0")
        ->check(cli::decimal_number(0, 1e9));
    producers::listen_to_signals();
    return cli::run(app, argc, argv, [&] { return shop::produce(options); });
}

// A worker whose effects have an order: each takes the next place of its group. Its inbox, its
// effect and its place are one transaction for the whole batch.
#include <array>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/config/config.hpp"
#include "common/postgres/connection.hpp"
#include "workers/runtime/failed_groups.hpp"
#include "workers/runtime/handler.hpp"

namespace esteira::runtime {

namespace {

// The group's row is locked from here to the commit, so places stand in the order of commits.
constexpr postgres::Statement kTakePlace{"take_place", R"(
WITH fresh AS (
    INSERT INTO chk.inbox VALUES ($1) ON CONFLICT DO NOTHING RETURNING origin
), taken AS (
    UPDATE chk.groups SET place = place + 1
    WHERE name = $2 AND EXISTS (SELECT FROM fresh) RETURNING place
)
INSERT INTO chk.effects SELECT $2, $3, place FROM taken)"};

constexpr std::uint32_t kFailures = 2;  // Of a message that is to fail, before it succeeds.
constexpr int kSlowMillis = 20;

class OrderWorker final : public Handler {
public:
    explicit OrderWorker(postgres::ConnectionSettings settings) : settings_(std::move(settings)) {}

    std::vector<Outcome> handle(std::span<const Delivery> batch) override {
        try {
            if (connection_ == nullptr || !connection_->healthy()) {
                connection_ = std::make_unique<postgres::Connection>(settings_);
            }
            postgres::Transaction transaction(*connection_);
            std::vector<Outcome> outcomes = take_places(batch);
            // So that a death finds it with its effects taken and not committed.
            std::this_thread::sleep_for(Millis{random_() % kSlowMillis});
            transaction.commit();
            return outcomes;
        } catch (const postgres::Error& error) {
            throw Unavailable(error.what());
        }
    }

private:
    std::vector<Outcome> take_places(std::span<const Delivery> batch) {
        std::vector<Outcome> outcomes;
        FailedGroups failed;
        for (const Delivery& delivery : batch) {
            outcomes.push_back(failed.hold(delivery) ? Outcome{Verdict::hand_back, {}, {}}
                                                     : take_place(delivery));
            if (outcomes.back().verdict == Verdict::retry) {
                failed.add(delivery);
            }
        }
        return outcomes;
    }

    Outcome take_place(const Delivery& delivery) {
        const auto message = nlohmann::json::parse(delivery.body);
        const std::string fate = message.at("fate");
        if (fate == "dead") {
            return {Verdict::dead, "was to die", {}};
        }
        if (fate != "good" && delivery.receives <= kFailures) {
            if (fate == "throws") {
                throw std::runtime_error("was to throw");
            }
            return {Verdict::retry, "was to be retried", {}};
        }
        connection_->execute(
            kTakePlace,
            std::array{postgres::text(delivery.origin_id), postgres::text(delivery.group),
                       postgres::integer(message.at("number").get<std::int64_t>())});
        return {};
    }

    postgres::ConnectionSettings settings_;
    std::unique_ptr<postgres::Connection> connection_;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace

std::unique_ptr<Handler> make_handler(const config::Config& config, Clock&) {
    return std::make_unique<OrderWorker>(
        postgres::ConnectionSettings{config.postgres.url.reveal(), "order"});
}

}  // namespace esteira::runtime

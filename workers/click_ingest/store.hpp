#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/contracts/shop_event.hpp"
#include "common/postgres/session.hpp"

namespace esteira::click_ingest {

// How many events of one user in one window are an attack.
struct AttackRule {
    std::int64_t window_s = 10;
    std::int64_t suspect_above = 5;
    std::int64_t attack_above = 10;
};

// The good events of one message.
struct Message {
    std::string_view origin;
    std::vector<const contracts::ShopEvent*> events;
};

struct Written {
    std::uint64_t messages = 0;  // That were not counted before;
    std::uint64_t events = 0;    // in them.
    std::uint64_t alerts = 0;    // New ones, or ones that were raised.
};

class ClickStore {
public:
    virtual ~ClickStore() = default;

    // Whether there is a database with the right schema. Throws postgres::Error.
    virtual void require_ready() = 0;

    // Adds the events of those messages whose origin is not in the inbox to every table, and the
    // origins to the inbox. All or none, and each message once for good, whoever else writes it.
    // No message is without events. Throws postgres::Error: none was written, or (an answer that
    // never came) perhaps all were, which does no harm when it is done again.
    virtual Written write(const std::vector<Message>& messages) = 0;

    // Writes a message as write() does, and takes it back. Throws as write().
    virtual void try_out(const Message& message) = 0;
};

class PostgresClickStore final : public ClickStore {
public:
    PostgresClickStore(postgres::ConnectionSettings settings, AttackRule rule);

    void require_ready() override;
    Written write(const std::vector<Message>& messages) override;
    void try_out(const Message& message) override;

private:
    postgres::Rows execute(postgres::Connection& connection,
                           const std::vector<Message>& messages) const;

    postgres::Session session_;
    AttackRule rule_;
};

}  // namespace esteira::click_ingest

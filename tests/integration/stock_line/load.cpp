#include "tests/integration/stock_line/load.hpp"

#include <chrono>
#include <thread>

#include "common/base/bytes.hpp"

namespace esteira::stock_line {

namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kDay = 19'844 * 86'400LL;  // 2024-05-01
constexpr std::size_t kProducts = 60;
constexpr std::int64_t kLateMost = 200;  // Seconds that a position may be older than the newest.
constexpr std::size_t kPauseMost = 40;   // Milliseconds between two sends.

std::string padded(std::int64_t number, std::size_t digits) {
    const std::string text = std::to_string(number);
    return std::string(digits - std::min(digits, text.size()), '0') + text;
}

// Within May: the clock of a load goes on by less than a month.
std::string time_text(std::int64_t at) {
    const std::int64_t second = at / kMicros - kDay;
    return "2024-05-" + padded(1 + second / 86'400, 2) + "T" + padded(second / 3'600 % 24, 2) +
           ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2) + "." +
           padded(at % kMicros, 6) + "Z";
}

}  // namespace

// Times wander back and forth around a clock of the load's own; the microseconds make them unique.
nlohmann::ordered_json PointOfSale::next_item(nlohmann::json& entry, const std::string& eid,
                                              bool bad) {
    const std::int64_t place = 2 * ++positions_ + number_;
    const auto late = static_cast<std::int64_t>(random_below(kLateMost));
    const std::int64_t at =
        (kDay + kLateMost + positions_ / 100 - late) * kMicros + place % kMicros;
    const std::string product =
        "0789" + padded(static_cast<std::int64_t>(random_below(kProducts)), 3);
    const std::string branch = random_below(2) == 0 ? "1001" : "1002";
    entry["items"].push_back({{"eid", eid},
                              {"key", product + "|" + branch},
                              {"at", at},
                              {"quantity", place},
                              {"bad", bad}});
    return {{"codigo_barra", product},
            {"nome_produto", "Feijão " + product},
            {"filial", branch},
            {"qtd_estoque", bad ? -place : place},
            {"data_atulizacao_posicao_estoque", time_text(at)},
            {"eid", eid}};
}

// An array of up to 35 items, of which one may be bad while its neighbours are good.
PointOfSale::Message PointOfSale::next_message() {
    const std::string id = ledger_.client() + ":" + std::to_string(++messages_);
    Message message{{}, {{"items", nlohmann::json::array()}}};
    auto body = nlohmann::ordered_json::array();
    const std::size_t items = 2 + random_below(34);
    const std::size_t bad = random_below(20) == 0 ? random_below(items) : items;
    for (std::size_t i = 0; i < items; ++i) {
        body.push_back(next_item(message.entry, id + "/" + std::to_string(i), i == bad));
    }
    message.body = body.dump();
    return message;
}

void PointOfSale::send_some() {
    std::vector<Message> messages(1 + random_below(4));
    auto entries = nlohmann::json::array();
    dialogue::Send send{"stock", {}};
    for (Message& message : messages) {
        message = next_message();
        entries.push_back(std::move(message.entry));
        send.entries.emplace_back(as_bytes(message.body));
    }
    ledger_.invoke("send", std::move(entries));
    try {
        write_results(client().send(std::move(send)));
    } catch (const client::Unreachable&) {
        give_up();
    }
}

void PointOfSale::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        send_some();
        // A load that can be carried: what is tested is not how much.
        std::this_thread::sleep_for(std::chrono::milliseconds(random_below(kPauseMost)));
    }
}

}  // namespace esteira::stock_line

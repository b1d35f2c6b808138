#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "producers/clicks/click_row.hpp"
#include "producers/clicks/generator.hpp"
#include "tests/integration/farm/killed_line.hpp"

namespace esteira::click_line {
namespace {

constexpr int kKills = 25;
constexpr std::size_t kWorkers = 3;
constexpr std::uint64_t kEvents = 12'000;
constexpr int kBursts = 30;

// Every row of every table as the checker reads it, written by PostgreSQL itself.
constexpr const char* kTables = R"(
SELECT json_build_object('table', t, 'row', r)::text FROM (
    SELECT 'interacoes' AS t, json_build_array(dia, user_id, extract(epoch FROM instante)::bigint,
                                               event_type, product_id) AS r FROM esteira.interacoes
    UNION ALL SELECT 'contagem_minuto', json_build_array(dia, user_id, event_type,
        extract(epoch FROM minuto)::bigint, eventos) FROM esteira.contagem_minuto
    UNION ALL SELECT 'contagem_categoria', json_build_array(dia, extract(epoch FROM hora)::bigint,
        category_code, event_type, eventos) FROM esteira.contagem_categoria
    UNION ALL SELECT 'contagem_marca', json_build_array(dia, extract(epoch FROM hora)::bigint,
        brand, event_type, eventos) FROM esteira.contagem_marca
    UNION ALL SELECT 'janelas', json_build_array(dia, user_id,
        extract(epoch FROM janela)::bigint, eventos) FROM esteira.janelas
    UNION ALL SELECT 'visitantes_dia', json_build_array(dia, user_id) FROM esteira.visitantes_dia
    UNION ALL SELECT 'carrinhos_abertos', json_build_array(dia, user_id, user_session, product_id,
        event_type, extract(epoch FROM instante)::bigint) FROM esteira.carrinhos_abertos
    UNION ALL SELECT 'alertas', json_build_array(dia, user_id, extract(epoch FROM janela)::bigint,
        nivel, eventos) FROM esteira.alertas) AS rows)";

class ClickKillTest : public testing::Test {
protected:
    // What a red run leaves behind.
    ~ClickKillTest() override {
        if (HasFailure()) {
            ADD_FAILURE() << "seed " << line_.seed() << "; kept in "
                          << line_.keep("click_kill_test");
        }
    }

    std::string csv() const { return line_.books() + "/events.csv"; }

    // A day of visitors, as a file and as the checker reads it.
    void write_events() {
        std::string text = clicks::click_csv_header(false);
        clicks::Generator generator(
            {.events = kEvents,
             .until = std::chrono::sys_days(std::chrono::year(2026) / 1 / 31),
             .users = 300,
             .products = 100,
             .seed = line_.seed()});
        for (clicks::ClickRow row; generator.next(row);) {
            clicks::append_click_csv(row, false, text);
            sent_ << clicks::click_of(row).value().json << '\n';
        }
        std::ofstream(csv()) << text;
    }
    // One user at a time who does more than people do, each event a message of its own, beside a
    // bad one.
    void send_bursts() {
        std::ofstream bad(line_.books() + "/bad.jsonl");
        for (int burst = 0; burst < kBursts; ++burst) {
            const std::string user = std::to_string(1'000'000 + burst);
            for (int i = 0; i <= burst % 15; ++i) {
                const std::string event = R"({"event_time":"2026-01-30 12:00:0)" +
                                          std::to_string(i % 10) +
                                          R"( UTC","event_type":"view","product_id":1,)"
                                          R"("category_id":2,"price":1.00,"user_id":)" +
                                          user + "}";
                const std::string broken = R"({"event_time":"2026-01-30 12:00:00 UTC","n":)" +
                                           std::to_string(burst * 100 + i) + "}";
                sent_ << event << '\n';
                bad << broken << '\n';
                line_.farm().send({"[" + event + "," + broken + "]"});
            }
        }
    }

    support::ChildOptions producer(support::LineFarm& farm) const {
        return {{ESTEIRA_BIN_DIR "/esteira-produce-clicks", "--config",
                 farm.broker().folder() + "/esteira.toml", "--set",
                 "broker.endpoint=" + farm.broker().endpoint(), "--file", csv(), "--items", "10",
                 "--batch", "3", "--rate", "700", "--patience", "60"},
                {},
                farm.broker().folder() + "/producer.log"};
    }

    support::KilledLine line_{{"click-ingest", "clicks", "esteira_worker_clicks"},
                              kWorkers,
                              [this](support::LineFarm& farm) { return producer(farm); }};
    std::ofstream sent_{line_.books() + "/sent.jsonl"};
};

TEST_F(ClickKillTest, EveryEventIsInEveryCounterOnceAfterTwentyFiveKillsAndARedrive) {
    line_.spare_producer();
    write_events();
    send_bursts();
    sent_.close();
    line_.live_through(kKills);
    line_.redrive();
    line_.write_rows("tables.jsonl", kTables);
    line_.check("click_line/check_clicks.py");
}

}  // namespace
}  // namespace esteira::click_line

#include "workers/click_ingest/store.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/clicks/click_reader.hpp"
#include "tests/support/private_postgres.hpp"
#include "workers/db/maintenance.hpp"
#include "workers/db/migrator.hpp"

namespace esteira::click_ingest {
namespace {

using contracts::Money;
using contracts::ShopEvent;
using contracts::ShopEventType;
using nlohmann::json;

ShopEvent event(ShopEventType type, std::int64_t user, int second, std::int64_t product = 1) {
    ShopEvent made;
    made.event_time.instant =
        std::chrono::sys_days(std::chrono::year(2019) / 10 / 1) + std::chrono::seconds(second);
    made.event_type = type;
    made.product_id = product;
    made.category_id = 2'103'807'459'595'387'724;
    made.category_code = product % 3 == 0 ? "" : "casa.rede";
    made.brand = product % 2 == 0 ? "guará" : "";
    made.price = Money{1290};
    made.user_id = user;
    made.user_session = "s" + std::to_string(user);
    return made;
}

// A message and its events, which live as long as it.
struct Sent {
    std::string origin;
    std::vector<ShopEvent> events;
};

std::vector<Message> as_messages(const std::vector<Sent>& sent) {
    std::vector<Message> messages;
    for (const Sent& one : sent) {
        Message& message = messages.emplace_back(Message{one.origin, {}});
        for (const ShopEvent& each : one.events) {
            message.events.push_back(&each);
        }
    }
    return messages;
}

class ClickStoreTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        server_ = std::make_unique<support::PrivatePostgres>();
        auto connection = admin();
        db::migrate(connection, db::shipped_migrations());
    }
    static void TearDownTestSuite() { server_.reset(); }
    void SetUp() override { empty_tables(); }

    static postgres::Connection admin() { return postgres::Connection({server_->url(), "test"}); }
    static void empty_tables() {
        admin().execute(
            "TRUNCATE esteira.inbox_clicks, esteira.interacoes, esteira.contagem_minuto,"
            " esteira.visitantes_dia, esteira.contagem_categoria, esteira.contagem_marca,"
            " esteira.carrinhos_abertos, esteira.janelas, esteira.alertas");
    }
    static PostgresClickStore new_store() {
        return PostgresClickStore({server_->url("esteira_worker_clicks"), "test"}, {});
    }
    Written write(const std::vector<Sent>& sent) { return store_.write(as_messages(sent)); }

    static std::string asked(const std::string& sql) {
        const auto rows = admin().execute(sql.c_str());
        std::string lines;
        for (int row = 0; row < rows.count(); ++row) {
            lines += (row == 0 ? "" : "\n") + std::string(rows.text(row, 0));
        }
        return lines;
    }
    // Every counter is what the same question says when it is asked of the events themselves.
    static void expect_counters_of_the_events() {
        const auto same = [](const std::string& kept, const std::string& counted) {
            const std::string a = "SELECT " + kept;
            const std::string b = "SELECT " + counted;
            EXPECT_EQ(asked("SELECT count(*) FROM ((" + a + " EXCEPT ALL " + b + ") UNION ALL (" +
                            b + " EXCEPT ALL " + a + ")) AS difference"),
                      "0")
                << kept;
        };
        const std::string events = " FROM esteira.interacoes ";
        same("dia, user_id, event_type, minuto, eventos FROM esteira.contagem_minuto",
             "dia, user_id, event_type, date_trunc('minute', instante, 'UTC'), count(*)" + events +
                 "GROUP BY 1, 2, 3, 4");
        same("dia, user_id FROM esteira.visitantes_dia", "DISTINCT dia, user_id" + events);
        same("dia, hora, category_code, event_type, eventos FROM esteira.contagem_categoria",
             "dia, date_trunc('hour', instante, 'UTC'), coalesce(category_code, ''), event_type,"
             " count(*)" +
                 events + "GROUP BY 1, 2, 3, 4");
        same("dia, hora, brand, event_type, eventos FROM esteira.contagem_marca",
             "dia, date_trunc('hour', instante, 'UTC'), coalesce(brand, ''), event_type, count(*)" +
                 events + "GROUP BY 1, 2, 3, 4");
        same("dia, user_id, janela, eventos FROM esteira.janelas",
             "dia, user_id, date_bin('10 s', instante, '2000-01-01Z'), count(*)" + events +
                 "GROUP BY 1, 2, 3");
        same("dia, user_id, janela, nivel, eventos FROM esteira.alertas",
             "dia, user_id, janela, nivel, eventos FROM esteira.janelas JOIN"
             " (VALUES ('suspeita', 5), ('ataque', 10)) AS level(nivel, above) ON eventos > above");
        same(
            "dia, user_id, user_session, product_id, event_type, instante"
            " FROM esteira.carrinhos_abertos",
            "* FROM (SELECT DISTINCT ON (dia, user_id, user_session, product_id) dia, user_id,"
            " user_session, product_id, event_type, instante" +
                events +
                "WHERE event_type IN ('cart', 'remove_from_cart', 'purchase')"
                " ORDER BY dia, user_id, user_session, product_id, instante DESC,"
                " event_type = 'purchase' DESC, event_type = 'remove_from_cart' DESC) AS last");
    }
    // All rows but for when they were written.
    static std::string tables() {
        return asked(
            "SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM ("
            "SELECT 'i ' || to_jsonb(t)::text AS line FROM esteira.interacoes t"
            " UNION ALL SELECT 'a ' || (to_jsonb(t) - 'criado_em')::text FROM esteira.alertas t"
            " UNION ALL SELECT 'x ' || to_jsonb(t)::text FROM esteira.inbox_clicks t) AS lines");
    }

    static inline std::unique_ptr<support::PrivatePostgres> server_;
    PostgresClickStore store_ = new_store();
};

TEST_F(ClickStoreTest, AMessageCountsOnceHoweverOftenItComes) {
    store_.require_ready();
    const Sent sent{"o1", {event(ShopEventType::view, 7, 0), event(ShopEventType::view, 7, 1)}};
    EXPECT_EQ(write({sent}).events, 2u);
    const Written again = write({sent, {"o2", {event(ShopEventType::view, 8, 2)}}});
    EXPECT_EQ(again.messages, 1u);
    EXPECT_EQ(again.events, 1u);
    EXPECT_EQ(asked("SELECT sum(eventos) FROM esteira.contagem_minuto"), "3");
    expect_counters_of_the_events();
}

TEST_F(ClickStoreTest, AWindowThatPassesAThresholdIsAnAlertAlsoWhenItsEventsComeLate) {
    std::vector<Sent> sent;
    for (int i = 0; i < 5; ++i) {
        sent.push_back({"a" + std::to_string(i), {event(ShopEventType::view, 7, i)}});
    }
    EXPECT_EQ(write(sent).alerts, 0u);
    EXPECT_EQ(write({{"other window", {event(ShopEventType::view, 7, 10)}}}).alerts, 0u);
    EXPECT_EQ(write({{"late", {event(ShopEventType::view, 7, 9)}}}).alerts, 1u);
    auto connection = admin();
    EXPECT_EQ(json::parse(clicks::alerts(connection, 7, 10)),
              json::parse(R"([{"user_id": 7, "janela": "2019-10-01T00:00:00Z", "nivel": "suspeita",
                               "eventos": 6}])"));
    write({{"b", std::vector<ShopEvent>(5, event(ShopEventType::view, 7, 3))}});
    EXPECT_EQ(json::parse(clicks::alerts(connection, {}, 10))[0]["nivel"], "ataque");
    EXPECT_EQ(json::parse(clicks::alerts(connection, 8, 10)), json::array());
    expect_counters_of_the_events();
}

TEST_F(ClickStoreTest, ACartIsOpenUntilItIsBoughtOrEmptiedWhateverTheOrderOfArrival) {
    write({{"1", {event(ShopEventType::purchase, 7, 50, 1)}},
           {"2", {event(ShopEventType::cart, 7, 10, 2), event(ShopEventType::cart, 7, 10, 1)}},
           {"3", {event(ShopEventType::cart, 7, 20, 4)}},
           {"4", {event(ShopEventType::remove_from_cart, 7, 30, 4)}}});
    write({{"5", {event(ShopEventType::cart, 7, 40, 5)}}});
    auto connection = admin();
    const json open = json::parse(clicks::open_carts(connection, 7, 10));
    ASSERT_EQ(open.size(), 2u);
    EXPECT_EQ(open[0]["product_id"], 5);
    EXPECT_EQ(open[1]["product_id"], 2);
    write({{"6", {event(ShopEventType::purchase, 7, 86'400 + 5, 2)}}});  // The next day.
    EXPECT_EQ(json::parse(clicks::open_carts(connection, 7, 10)).size(), 1u);
}

TEST_F(ClickStoreTest, AnswersWhatAUserDidAndWhatADayHad) {
    ShopEvent search = event(ShopEventType::search, 7, 30);
    search.product_id.reset();
    search.category_id.reset();
    search.price.reset();
    search.category_code.clear();
    search.search_text = "rede";
    write(
        {{"1", {event(ShopEventType::view, 7, 10, 2), search, event(ShopEventType::view, 9, 5)}}});
    auto connection = admin();
    const json seen = json::parse(clicks::interactions(connection, 7, 0, 10));
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0]["search_text"], "rede");
    EXPECT_TRUE(seen[0]["product_id"].is_null());
    EXPECT_EQ(seen[1]["category_id"], 2'103'807'459'595'387'724);
    EXPECT_EQ(json::parse(clicks::interactions(connection, 7, 5, 10)), json::array());
    EXPECT_EQ(clicks::visitors(connection, 5), R"([{"dia" : "2019-10-01", "visitantes" : 2}])");
    const json categories = json::parse(clicks::categories(connection, "2019-10-01", 5));
    EXPECT_EQ(categories[0]["category_code"], "casa.rede");
    EXPECT_EQ(categories[0]["view"], 2);
    const json brands = json::parse(clicks::brands(connection, "2019-10-01", 5));
    EXPECT_EQ(brands.size(), 2u);
}

std::vector<Sent> many_messages(std::mt19937& random) {
    std::vector<Sent> all;
    for (int i = 0; i < 120; ++i) {
        Sent& sent = all.emplace_back(Sent{"origin-" + std::to_string(i), {}});
        for (auto count = 1 + random() % 20; count > 0; --count) {
            const auto type = static_cast<ShopEventType>(random() % 4);
            const auto user = static_cast<std::int64_t>(random() % 6);
            const auto second = static_cast<int>(random() % 200 + random() % 2 * 86'300);
            sent.events.push_back(
                event(type, user, second, static_cast<std::int64_t>(random() % 8)));
        }
    }
    return all;
}

TEST_F(ClickStoreTest, SeveralWorkersThatGetTheSameMessagesCountEachOnce) {
    std::mt19937 random(3);
    const std::vector<Sent> all = many_messages(random);
    write(all);
    expect_counters_of_the_events();
    const std::string expected = tables();
    empty_tables();
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 4; ++seed) {
        threads.emplace_back([&all, seed] {
            auto store = new_store();
            std::vector<Sent> mine = all;
            std::shuffle(mine.begin(), mine.end(), std::mt19937(seed));
            for (std::size_t from = 0; from < mine.size(); from += 9) {
                const std::size_t end = std::min(from + 9, mine.size());
                store.write(as_messages({mine.begin() + static_cast<std::ptrdiff_t>(from),
                                         mine.begin() + static_cast<std::ptrdiff_t>(end)}));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(tables(), expected);
    expect_counters_of_the_events();
    EXPECT_EQ(asked("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'"), "0");
}

TEST_F(ClickStoreTest, MaintenanceMakesDaysAheadAndDropsOldOnesWithAllThatWasCounted) {
    write({{"old", {event(ShopEventType::view, 7, 0)}}});
    ShopEvent today = event(ShopEventType::view, 7, 0);
    today.event_time.instant =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    ShopEvent later = today;  // Before its day has a partition.
    later.event_time.instant += std::chrono::days(4);
    write({{"new", {today}}, {"later", {later}}});
    auto connection = admin();
    const auto first = db::care_for_days(connection, 30);
    EXPECT_EQ(first.deleted_rows, 7);  // The day is gone from each table that had it.
    admin().execute("SELECT esteira.cuidar_dos_dias((now() AT TIME ZONE 'UTC')::date + 2, 30, 3)");
    EXPECT_EQ(asked("SELECT count(*) FROM esteira.interacoes"), "2");
    EXPECT_EQ(asked("SELECT count(*) FROM esteira.interacoes_outros"), "0");
    admin().execute("SELECT esteira.cuidar_dos_dias((now() AT TIME ZONE 'UTC')::date + 2, 1, 3)");
    EXPECT_EQ(asked("SELECT count(*) FROM esteira.interacoes"), "1");
    EXPECT_EQ(write({{"again", {later}}}).events, 1u);
}

TEST_F(ClickStoreTest, AMessageCountsOnceAlsoWhenOtherEventsOfItAreGoodTheSecondTime) {
    EXPECT_EQ(write({{"o", {event(ShopEventType::view, 7, 0)}}}).events, 1u);
    EXPECT_EQ(
        write({{"o", {event(ShopEventType::view, 7, 0), event(ShopEventType::view, 7, 86'400)}}})
            .events,
        0u);
}

TEST_F(ClickStoreTest, WhatIsTriedOutIsNotThere) {
    const Sent sent{"o", {event(ShopEventType::view, 7, 0)}};
    store_.try_out(as_messages({sent}).front());
    EXPECT_EQ(asked("SELECT count(*) FROM esteira.interacoes"), "0");
    EXPECT_EQ(write({sent}).events, 1u);
}

TEST_F(ClickStoreTest, MaintenanceBesideWritersAndTwiceAtOnceLosesNothing) {
    constexpr int kMessages = 150;
    constexpr int kDays = 12;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < 2; ++writer) {
        threads.emplace_back([writer] {
            auto store = new_store();
            for (int i = 0; i < kMessages; ++i) {
                ShopEvent one = event(ShopEventType::cart, i % 5, i % 60, i % 7);
                one.event_time.instant +=
                    std::chrono::days(4'000 + i % kDays);  // None has a place.
                const std::string origin = std::to_string(writer) + "-" + std::to_string(i);
                store.write({{origin, {&one}}});
            }
        });
    }
    for (int carer = 0; carer < 2; ++carer) {
        threads.emplace_back([] {
            auto connection = admin();
            for (int day = 0; day < kDays; ++day) {
                connection.execute(("SELECT esteira.cuidar_dos_dias(date '2019-10-01' + 4000 + " +
                                    std::to_string(day) + ", 100000, 1)")
                                       .c_str());
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(asked("SELECT count(*) FROM esteira.interacoes"), std::to_string(2 * kMessages));
    EXPECT_EQ(asked("SELECT count(*) FROM esteira.interacoes_outros"), "0");
    expect_counters_of_the_events();
}

TEST_F(ClickStoreTest, AWorkerMayAddAndCountAndNothingElse) {
    postgres::Connection worker({server_->url("esteira_worker_clicks"), "test"});
    for (const char* refused :
         {"DELETE FROM interacoes", "TRUNCATE alertas", "SELECT FROM estoque_posicao",
          "CREATE TABLE x (n int)", "SELECT esteira.cuidar_dos_dias('2026-01-01', 0, 0)"}) {
        EXPECT_THROW(worker.execute(refused), postgres::Error) << refused;
    }
}

}  // namespace
}  // namespace esteira::click_ingest

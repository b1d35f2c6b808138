#include "workers/click_ingest/store.hpp"

#include <array>
#include <string>
#include <utility>

#include "common/postgres/schema.hpp"

namespace esteira::click_ingest {
namespace {

using contracts::ShopEvent;
using postgres::ArrayBuilder;
using postgres::ElementType;

// One statement is the whole transaction. Each part writes its rows in the order of their keys, and
// all workers run the parts in the same order, so none waits for another in a circle. An origin
// that another worker is writing is waited for, and then left out.
constexpr postgres::Statement kWrite{"click_ingest", R"(
WITH given AS (
    SELECT e.*, (e.instante AT TIME ZONE 'UTC')::date AS dia
    FROM unnest($1::text[], $2::int8[], $3::timestamptz[], $4::text[], $5::int8[], $6::int8[],
                $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
         AS e(origem, user_id, instante, event_type, product_id, category_id, category_code, brand,
              price, user_session, search_text)
), received AS (
    INSERT INTO esteira.inbox_clicks (origem, dia)
    SELECT origem, max(dia) FROM given GROUP BY origem ORDER BY origem COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING origem
), events AS MATERIALIZED (
    SELECT dia, user_id, instante, event_type, nullif(product_id, -1) AS product_id,
           nullif(category_id, -1) AS category_id, category_code, brand,
           nullif(price, '')::numeric AS price, user_session, search_text
    FROM given JOIN received USING (origem)
), interactions AS (
    INSERT INTO esteira.interacoes
        (dia, user_id, instante, event_type, product_id, category_id, category_code, brand, price,
         user_session, search_text)
    SELECT dia, user_id, instante, event_type, product_id, category_id, nullif(category_code, ''),
           nullif(brand, ''), price, nullif(user_session, ''), nullif(search_text, '')
    FROM events
), minutes AS (
    INSERT INTO esteira.contagem_minuto AS kept (dia, user_id, event_type, minuto, eventos)
    SELECT dia, user_id, event_type, date_trunc('minute', instante, 'UTC') AS minuto, count(*)
    FROM events GROUP BY dia, user_id, event_type, minuto
    ORDER BY dia, user_id, event_type COLLATE "C", minuto
    ON CONFLICT (dia, user_id, event_type, minuto)
    DO UPDATE SET eventos = kept.eventos + excluded.eventos
), visitors AS (
    INSERT INTO esteira.visitantes_dia (dia, user_id)
    SELECT DISTINCT dia, user_id FROM events ORDER BY dia, user_id
    ON CONFLICT DO NOTHING
), categories AS (
    INSERT INTO esteira.contagem_categoria AS kept (dia, hora, category_code, event_type, eventos)
    SELECT dia, date_trunc('hour', instante, 'UTC') AS hora, category_code, event_type, count(*)
    FROM events GROUP BY dia, hora, category_code, event_type
    ORDER BY dia, hora, category_code COLLATE "C", event_type COLLATE "C"
    ON CONFLICT (dia, hora, category_code, event_type)
    DO UPDATE SET eventos = kept.eventos + excluded.eventos
), brands AS (
    INSERT INTO esteira.contagem_marca AS kept (dia, hora, brand, event_type, eventos)
    SELECT dia, date_trunc('hour', instante, 'UTC') AS hora, brand, event_type, count(*)
    FROM events GROUP BY dia, hora, brand, event_type
    ORDER BY dia, hora, brand COLLATE "C", event_type COLLATE "C"
    ON CONFLICT (dia, hora, brand, event_type)
    DO UPDATE SET eventos = kept.eventos + excluded.eventos
), carts AS (
    INSERT INTO esteira.carrinhos_abertos AS kept
        (dia, user_id, user_session, product_id, event_type, etapa, instante, price)
    SELECT DISTINCT ON (dia, user_id, user_session COLLATE "C", product_id)
           dia, user_id, user_session, product_id, event_type,
           array_position('{cart,remove_from_cart,purchase}', event_type) - 1 AS etapa, instante,
           price
    FROM events
    WHERE event_type IN ('cart', 'remove_from_cart', 'purchase') AND product_id IS NOT NULL
    ORDER BY dia, user_id, user_session COLLATE "C", product_id, instante DESC, etapa DESC,
             price DESC
    ON CONFLICT (dia, user_id, user_session, product_id) DO UPDATE SET
        event_type = excluded.event_type, etapa = excluded.etapa, instante = excluded.instante,
        price = excluded.price
    WHERE (excluded.instante, excluded.etapa, excluded.price)
          > (kept.instante, kept.etapa, kept.price)
), windows AS (
    INSERT INTO esteira.janelas AS kept (dia, user_id, janela, eventos)
    SELECT dia, user_id, date_bin(make_interval(secs => $12), instante, '2000-01-01Z') AS janela,
           count(*)
    FROM events GROUP BY dia, user_id, janela ORDER BY dia, user_id, janela
    ON CONFLICT (dia, user_id, janela) DO UPDATE SET eventos = kept.eventos + excluded.eventos
    RETURNING dia, user_id, janela, eventos
), raised AS (
    INSERT INTO esteira.alertas AS kept (dia, user_id, janela, nivel, eventos)
    SELECT dia, user_id, janela, nivel, eventos
    FROM windows JOIN (VALUES ('suspeita', $13::int8), ('ataque', $14::int8)) AS level(nivel, above)
         ON eventos > above
    ORDER BY dia, user_id, janela, nivel COLLATE "C"
    ON CONFLICT (dia, user_id, janela, nivel) DO UPDATE SET eventos = excluded.eventos
    RETURNING user_id
)
SELECT (SELECT count(*) FROM received), (SELECT count(*) FROM events),
       (SELECT count(*) FROM raised))"};

// The columns of `given`, filled event by event.
struct Columns {
    ArrayBuilder origem{ElementType::text};
    ArrayBuilder user_id{ElementType::bigint};
    ArrayBuilder instante{ElementType::instant};
    ArrayBuilder event_type{ElementType::text};
    ArrayBuilder product_id{ElementType::bigint};
    ArrayBuilder category_id{ElementType::bigint};
    ArrayBuilder category_code{ElementType::text};
    ArrayBuilder brand{ElementType::text};
    ArrayBuilder price{ElementType::text};
    ArrayBuilder user_session{ElementType::text};
    ArrayBuilder search_text{ElementType::text};

    void add(std::string_view origin, const ShopEvent& event) {
        constexpr std::int64_t kNone = -1;
        origem.add(origin);
        user_id.add(event.user_id);
        instante.add(event.event_time.instant);
        event_type.add(contracts::to_string(event.event_type));
        product_id.add(event.product_id.value_or(kNone));
        category_id.add(event.category_id.value_or(kNone));
        category_code.add(event.category_code);
        brand.add(event.brand);
        price.add(event.price ? contracts::write_money(*event.price) : "");
        user_session.add(event.user_session);
        search_text.add(event.search_text);
    }
};

std::uint64_t count_of(const postgres::Rows& rows, int column) {
    return static_cast<std::uint64_t>(rows.integer(0, column));
}

}  // namespace

PostgresClickStore::PostgresClickStore(postgres::ConnectionSettings settings, AttackRule rule)
    : session_(std::move(settings)), rule_(rule) {}

void PostgresClickStore::require_ready() { postgres::require_ready(session_.connection()); }

void PostgresClickStore::try_out(const Message& message) {
    session_.run([&](postgres::Connection& connection) {
        const postgres::Transaction never_committed(connection);
        execute(connection, {message});
    });
}

Written PostgresClickStore::write(const std::vector<Message>& messages) {
    return session_.run([&](postgres::Connection& connection) {
        const auto rows = execute(connection, messages);
        return Written{count_of(rows, 0), count_of(rows, 1), count_of(rows, 2)};
    });
}

postgres::Rows PostgresClickStore::execute(postgres::Connection& connection,
                                           const std::vector<Message>& messages) const {
    Columns columns;
    for (const Message& message : messages) {
        for (const ShopEvent* event : message.events) {
            columns.add(message.origin, *event);
        }
    }
    const std::array parameters{columns.origem.take(),
                                columns.user_id.take(),
                                columns.instante.take(),
                                columns.event_type.take(),
                                columns.product_id.take(),
                                columns.category_id.take(),
                                columns.category_code.take(),
                                columns.brand.take(),
                                columns.price.take(),
                                columns.user_session.take(),
                                columns.search_text.take(),
                                postgres::integer(rule_.window_s),
                                postgres::integer(rule_.suspect_above),
                                postgres::integer(rule_.attack_above)};
    return connection.execute(kWrite, parameters);
}

}  // namespace esteira::click_ingest

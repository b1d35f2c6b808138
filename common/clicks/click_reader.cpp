#include "common/clicks/click_reader.hpp"

#include <array>

namespace esteira::clicks {
namespace {

using postgres::Connection;
using postgres::Statement;

// A time that is to be read by people and programs.
#define ESTEIRA_UTC(column) \
    "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

constexpr Statement kInteractions{
    "clicks_interactions",
    "SELECT coalesce(json_agg(json_build_object('event_time', " ESTEIRA_UTC("instante") ","
    " 'event_type', event_type, 'product_id', product_id, 'category_id', category_id,"
    " 'category_code', category_code, 'brand', brand, 'price', price,"
    " 'user_session', user_session, 'search_text', search_text)), '[]')"
    " FROM (SELECT * FROM esteira.interacoes WHERE user_id = $1"
    " AND ($2::int8 = 0 OR instante >= now() - make_interval(mins => $2::integer))"
    " ORDER BY instante DESC LIMIT $3) AS newest"};
constexpr Statement kAlerts{
    "clicks_alerts",
    "SELECT coalesce(json_agg(json_build_object('user_id', user_id,"
    " 'janela', " ESTEIRA_UTC("janela") ", 'nivel', nivel, 'eventos', eventos)), '[]')"
    " FROM (SELECT user_id, janela, min(nivel) AS nivel, max(eventos) AS eventos"
    " FROM esteira.alertas WHERE $1 = -1 OR user_id = $1 GROUP BY user_id, janela"
    " ORDER BY janela DESC, user_id LIMIT $2) AS newest"};
// What was bought on a later day than it was put in stands on that day.
constexpr Statement kOpenCarts{
    "clicks_open_carts",
    "SELECT coalesce(json_agg(json_build_object('user_session', user_session, 'product_id',"
    " product_id, 'desde', " ESTEIRA_UTC("instante") ", 'price', price)), '[]')"
    " FROM (SELECT * FROM (SELECT DISTINCT ON (user_session, product_id) *"
    " FROM esteira.carrinhos_abertos WHERE user_id = $1"
    " ORDER BY user_session, product_id, instante DESC, etapa DESC) AS last"
    " WHERE event_type = 'cart' ORDER BY instante DESC, product_id LIMIT $2) AS open"};
constexpr Statement kVisitors{
    "clicks_visitors",
    "SELECT coalesce(json_agg(json_build_object('dia', dia, 'visitantes', visitantes)), '[]')"
    " FROM (SELECT dia, count(*) AS visitantes FROM esteira.visitantes_dia"
    " GROUP BY dia ORDER BY dia DESC LIMIT $1) AS days"};

#define ESTEIRA_COUNTS(column, table)                                                         \
    "SELECT coalesce(json_agg(json_build_object('" column "', nullif(" column                 \
    ", ''),"                                                                                  \
    " 'view', viewed, 'cart', put_in, 'remove_from_cart', taken_out, 'purchase', bought,"     \
    " 'search', searched)), '[]') FROM (SELECT " column                                       \
    ","                                                                                       \
    " coalesce(sum(eventos) FILTER (WHERE event_type = 'view'), 0) AS viewed,"                \
    " coalesce(sum(eventos) FILTER (WHERE event_type = 'cart'), 0) AS put_in,"                \
    " coalesce(sum(eventos) FILTER (WHERE event_type = 'remove_from_cart'), 0) AS taken_out," \
    " coalesce(sum(eventos) FILTER (WHERE event_type = 'purchase'), 0) AS bought,"            \
    " coalesce(sum(eventos) FILTER (WHERE event_type = 'search'), 0) AS searched"             \
    " FROM esteira." table " WHERE dia = $1::date GROUP BY " column                           \
    " ORDER BY viewed DESC, " column " LIMIT $2) AS most"

constexpr Statement kCategories{"clicks_categories",
                                ESTEIRA_COUNTS("category_code", "contagem_categoria")};
constexpr Statement kBrands{"clicks_brands", ESTEIRA_COUNTS("brand", "contagem_marca")};

#undef ESTEIRA_COUNTS
#undef ESTEIRA_UTC

template <std::size_t N>
std::string answer(Connection& connection, const Statement& statement,
                   const std::array<postgres::Parameter, N>& parameters) {
    return std::string(connection.execute(statement, parameters).text(0, 0));
}

}  // namespace

std::string interactions(Connection& connection, std::int64_t user_id, std::int64_t minutes,
                         std::int64_t count) {
    return answer(connection, kInteractions,
                  std::array{postgres::integer(user_id), postgres::integer(minutes),
                             postgres::integer(count)});
}

std::string alerts(Connection& connection, std::optional<std::int64_t> user_id,
                   std::int64_t count) {
    return answer(connection, kAlerts,
                  std::array{postgres::integer(user_id.value_or(-1)), postgres::integer(count)});
}

std::string open_carts(Connection& connection, std::int64_t user_id, std::int64_t count) {
    return answer(connection, kOpenCarts,
                  std::array{postgres::integer(user_id), postgres::integer(count)});
}

std::string visitors(Connection& connection, std::int64_t count) {
    return answer(connection, kVisitors, std::array{postgres::integer(count)});
}

std::string categories(Connection& connection, std::string_view day, std::int64_t count) {
    return answer(connection, kCategories,
                  std::array{postgres::text(day), postgres::integer(count)});
}

std::string brands(Connection& connection, std::string_view day, std::int64_t count) {
    return answer(connection, kBrands, std::array{postgres::text(day), postgres::integer(count)});
}

}  // namespace esteira::clicks

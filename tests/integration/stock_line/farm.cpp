#include "tests/integration/stock_line/farm.hpp"

#include <nlohmann/json.hpp>

namespace esteira::stock_line {

namespace {

// Of a key, the changes stand in the order in which they were committed: its row is locked.
constexpr const char* kHistory = R"(
CREATE SCHEMA chk;
CREATE TABLE chk.history (
    n bigserial PRIMARY KEY, codigo_barra text, filial text, instante timestamptz, item json);
CREATE FUNCTION chk.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO chk.history (codigo_barra, filial, instante, item)
    VALUES (NEW.codigo_barra, NEW.filial, NEW.instante, NEW.item);
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON esteira.estoque_posicao
    FOR EACH ROW EXECUTE FUNCTION chk.note();
)";

std::size_t count_of(const Farm& farm, const char* sql) {
    auto connection = farm.admin();
    return static_cast<std::size_t>(connection.execute(sql).integer(0, 0));
}

}  // namespace

Farm::Farm() : LineFarm({"upsert-stock", "stock", "esteira_worker_stock"}) {
    admin().run_script(kHistory);
}

std::size_t Farm::rows() const {
    return count_of(*this, "SELECT count(*) FROM esteira.estoque_posicao");
}

std::size_t Farm::writes() const { return count_of(*this, "SELECT count(*) FROM chk.history"); }

std::string item_of(int product, int quantity, int second) {
    const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    const std::string time =
        two(second / 3600 % 24) + ":" + two(second / 60 % 60) + ":" + two(second % 60);
    return nlohmann::ordered_json{{"codigo_barra", "0789" + std::to_string(product)},
                                  {"nome_produto", "Produto " + std::to_string(product)},
                                  {"filial", "1001"},
                                  {"qtd_estoque", quantity},
                                  {"data_atulizacao_posicao_estoque", "2024-05-01T" + time + "Z"}}
        .dump();
}

std::vector<std::string> one_product_each(int from, int to) {
    std::vector<std::string> bodies;
    for (int product = from; product < to; ++product) {
        bodies.push_back(item_of(product, 1, 0));
    }
    return bodies;
}

}  // namespace esteira::stock_line

// esteira-query-product: shows a product and what orders have left of its stock.
#include "common/query/ask.hpp"
#include "common/shop/shop_reader.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::string id;
    return query::ask({.program = "esteira-query-product",
                       .about = "Shows a product and what orders have left of its stock.",
                       .examples = {"esteira-query-product 9a1d7f66-41f0-4c3b-b6a9-0f7f5f1d2e10"},
                       .add_options =
                           [&](CLI::App& app) {
                               app.add_option("produto_id", id, "The product's id.")->required();
                           },
                       .answer = [&](auto& connection) -> std::optional<std::string> {
                           return shop::product(connection, id);
                       },
                       .missing = [&] { return "there is no product " + id; }},
                      argc, argv);
}

// esteira-query-order: shows an order with its lines and its customer.
#include "common/query/ask.hpp"
#include "common/shop/shop_reader.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::string id;
    return query::ask(
        {.program = "esteira-query-order",
         .about = "Shows an order with its lines and its customer.",
         .examples = {"esteira-query-order 5e7c1f0e-0b0a-4d6e-9f53-6f0a3a1f2c11"},
         .add_options =
             [&](CLI::App& app) { app.add_option("pedido_id", id, "The order's id.")->required(); },
         .answer = [&](auto& connection) -> std::optional<std::string> {
             return shop::order(connection, id);
         },
         .missing = [&] { return "there is no order " + id; }},
        argc, argv);
}

// esteira-query-customer: shows a customer.
#include "common/query/ask.hpp"
#include "common/shop/shop_reader.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::string id;
    return query::ask({.program = "esteira-query-customer",
                       .about = "Shows a customer.",
                       .examples = {"esteira-query-customer 0d4c1b52-0b1e-4b0f-8a53-2a7f1d0c9e44"},
                       .add_options =
                           [&](CLI::App& app) {
                               app.add_option("cliente_id", id, "The customer's id.")->required();
                           },
                       .answer = [&](auto& connection) -> std::optional<std::string> {
                           return shop::customer(connection, id);
                       },
                       .missing = [&] { return "there is no customer " + id; }},
                      argc, argv);
}

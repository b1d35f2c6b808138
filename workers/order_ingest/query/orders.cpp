// esteira-query-orders: shows a customer's orders, the newest first.
#include "common/cli/checks.hpp"
#include "common/query/ask.hpp"
#include "common/shop/shop_reader.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::string id;
    std::int64_t count = 20;
    return query::ask(
        {.program = "esteira-query-orders",
         .about = "Shows a customer's orders, the newest first.",
         .examples = {"esteira-query-orders --cliente 0d4c1b52-0b1e-4b0f-8a53-2a7f1d0c9e44",
                      "esteira-query-orders --cliente ID --count 100"},
         .add_options =
             [&](CLI::App& app) {
                 app.add_option("--cliente", id, "The customer's id.")->required();
                 app.add_option("--count", count, "At most so many")
                     ->check(cli::whole_number(1, shop::kOrdersMax))
                     ->capture_default_str();
             },
         .answer = [&](auto& connection) -> std::optional<std::string> {
             return shop::orders_of(connection, id, count);
         }},
        argc, argv);
}

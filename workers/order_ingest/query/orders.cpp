// esteira-query-orders: the orders of a customer.
#include "common/cli/checks.hpp"
#include "common/shop/shop_reader.hpp"
#include "workers/order_ingest/query/ask.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::int64_t count = 20;
    return order_ingest::ask(
        {.program = "esteira-query-orders",
         .about = "Shows a customer's orders, the newest first.",
         .examples = {"esteira-query-orders --cliente 0d4c1b52-0b1e-4b0f-8a53-2a7f1d0c9e44",
                      "esteira-query-orders --cliente ID --count 100"},
         .id_name = "cliente",
         .id_about = "The customer's id.",
         .id_by_flag = true,
         .add_options =
             [&](CLI::App& app) {
                 app.add_option("--count", count, "At most so many")
                     ->check(cli::whole_number(1, shop::kOrdersMax))
                     ->capture_default_str();
             },
         .answer =
             [&](auto& connection, const auto& id) {
                 return std::optional(shop::orders_of(connection, id, count));
             }},
        argc, argv);
}

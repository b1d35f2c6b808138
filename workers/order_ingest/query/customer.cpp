// esteira-query-customer: one customer.
#include "common/shop/shop_reader.hpp"
#include "workers/order_ingest/query/ask.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    return order_ingest::ask(
        {.program = "esteira-query-customer",
         .about = "Shows a customer.",
         .examples = {"esteira-query-customer 0d4c1b52-0b1e-4b0f-8a53-2a7f1d0c9e44"},
         .id_name = "cliente_id",
         .id_about = "The customer's id.",
         .answer = [](auto& connection, const auto& id) { return shop::customer(connection, id); }},
        argc, argv);
}

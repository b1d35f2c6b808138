// esteira-query-order: one order with its lines and its customer.
#include "common/shop/shop_reader.hpp"
#include "workers/order_ingest/query/ask.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    return order_ingest::ask(
        {.program = "esteira-query-order",
         .about = "Shows an order with its lines and its customer.",
         .examples = {"esteira-query-order 5e7c1f0e-0b0a-4d6e-9f53-6f0a3a1f2c11"},
         .id_name = "pedido_id",
         .id_about = "The order's id.",
         .answer = [](auto& connection, const auto& id) { return shop::order(connection, id); }},
        argc, argv);
}

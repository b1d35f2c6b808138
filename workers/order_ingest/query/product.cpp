// esteira-query-product: one product, with what is left of it.
#include "common/shop/shop_reader.hpp"
#include "workers/order_ingest/query/ask.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    return order_ingest::ask(
        {.program = "esteira-query-product",
         .about = "Shows a product and what orders have left of its stock.",
         .examples = {"esteira-query-product 9a1d7f66-41f0-4c3b-b6a9-0f7f5f1d2e10"},
         .id_name = "produto_id",
         .id_about = "The product's id.",
         .answer = [](auto& connection, const auto& id) { return shop::product(connection, id); }},
        argc, argv);
}

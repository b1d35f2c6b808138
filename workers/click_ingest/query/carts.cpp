// esteira-query-carts: shows what a visitor has put in the cart and neither taken out nor bought.
#include <limits>

#include "common/cli/checks.hpp"
#include "common/clicks/click_reader.hpp"
#include "common/query/ask.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::int64_t user = 0;
    std::int64_t count = 100;
    return query::ask(
        {.program = "esteira-query-carts",
         .about = "Shows what a visitor has put in the cart and neither taken out nor bought.",
         .examples = {"esteira-query-carts 541312140"},
         .add_options =
             [&](CLI::App& app) {
                 app.add_option("user_id", user, "The user's id.")
                     ->check(cli::whole_number(0, std::numeric_limits<std::int64_t>::max()))
                     ->required();
                 app.add_option("--count", count, "At most so many")
                     ->check(cli::whole_number(1, clicks::kAnswerMax))
                     ->capture_default_str();
             },
         .answer = [&](auto& connection) -> std::optional<std::string> {
             return clicks::open_carts(connection, user, count);
         }},
        argc, argv);
}

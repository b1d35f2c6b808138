// esteira-query-brands: shows what was viewed, put in carts and bought of each brand on a day.
#include "common/cli/checks.hpp"
#include "common/clicks/click_reader.hpp"
#include "common/contracts/business_time.hpp"
#include "common/query/ask.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::string day;
    std::int64_t count = 20;
    return query::ask(
        {.program = "esteira-query-brands",
         .about = "Shows what was viewed, put in carts and bought of each brand on a day.",
         .examples = {"esteira-query-brands 2026-01-31"},
         .add_options =
             [&](CLI::App& app) {
                 app.add_option("day", day, "A day (UTC), YYYY-MM-DD")
                     ->check([](const std::string& text) {
                         return contracts::parse_day(text) ? std::string()
                                                           : text + " is no day like 2026-01-31";
                     })
                     ->required();
                 app.add_option("--count", count, "At most so many")
                     ->check(cli::whole_number(1, clicks::kAnswerMax))
                     ->capture_default_str();
             },
         .answer = [&](auto& connection) -> std::optional<std::string> {
             return clicks::brands(connection, day, count);
         }},
        argc, argv);
}

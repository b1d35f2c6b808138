// esteira-query-alerts: shows when somebody did more than people do, the newest first.
#include <limits>

#include "common/cli/checks.hpp"
#include "common/clicks/click_reader.hpp"
#include "common/query/ask.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::optional<std::int64_t> user;
    std::int64_t count = 50;
    return query::ask(
        {.program = "esteira-query-alerts",
         .about = "Shows when somebody did more than people do, the newest first.",
         .examples = {"esteira-query-alerts", "esteira-query-alerts --user 541312140"},
         .add_options =
             [&](CLI::App& app) {
                 app.add_option("--user", user, "Of one user; of all if not said")
                     ->check(cli::whole_number(0, std::numeric_limits<std::int64_t>::max()));
                 app.add_option("--count", count, "At most so many")
                     ->check(cli::whole_number(1, clicks::kAnswerMax))
                     ->capture_default_str();
             },
         .answer = [&](auto& connection) -> std::optional<std::string> {
             return clicks::alerts(connection, user, count);
         }},
        argc, argv);
}

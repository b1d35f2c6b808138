// esteira-query-interactions: shows what a visitor did, the newest first.
#include <limits>

#include "common/cli/checks.hpp"
#include "common/clicks/click_reader.hpp"
#include "common/query/ask.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::int64_t user = 0;
    std::int64_t minutes = 0;
    std::int64_t count = 50;
    return query::ask(
        {.program = "esteira-query-interactions",
         .about = "Shows what a visitor did, the newest first.",
         .examples = {"esteira-query-interactions 541312140",
                      "esteira-query-interactions 541312140 --minutes 30"},
         .add_options =
             [&](CLI::App& app) {
                 app.add_option("user_id", user, "The user's id.")
                     ->check(cli::whole_number(0, std::numeric_limits<std::int64_t>::max()))
                     ->required();
                 app.add_option("--minutes", minutes,
                                "Of the last so many minutes; of all times if 0")
                     ->check(cli::whole_number(0, 1'000'000))
                     ->capture_default_str();
                 app.add_option("--count", count, "At most so many")
                     ->check(cli::whole_number(1, clicks::kAnswerMax))
                     ->capture_default_str();
             },
         .answer = [&](auto& connection) -> std::optional<std::string> {
             return clicks::interactions(connection, user, minutes, count);
         }},
        argc, argv);
}

// esteira-query-visitors: shows the unique visitors of each day (UTC), the newest first.
#include "common/cli/checks.hpp"
#include "common/clicks/click_reader.hpp"
#include "common/query/ask.hpp"

int main(int argc, char** argv) {
    using namespace esteira;
    std::int64_t count = 30;
    return query::ask({.program = "esteira-query-visitors",
                       .about = "Shows the unique visitors of each day (UTC), the newest first.",
                       .examples = {"esteira-query-visitors", "esteira-query-visitors --count 7"},
                       .add_options =
                           [&](CLI::App& app) {
                               app.add_option("--count", count, "At most so many")
                                   ->check(cli::whole_number(1, clicks::kAnswerMax))
                                   ->capture_default_str();
                           },
                       .answer = [&](auto& connection) -> std::optional<std::string> {
                           return clicks::visitors(connection, count);
                       }},
                      argc, argv);
}

#include "common/query/open.hpp"

#include "common/cli/app.hpp"

namespace esteira::query {

postgres::Connection open(const config::Sources& sources, const std::string& url_flag,
                          const std::string& program) {
    try {
        config::Sources all = sources;
        if (!url_flag.empty()) {
            all.assignments.push_back("postgres.url=" + url_flag);
        }
        const std::string url = config::load(all).config.postgres.url.reveal();
        if (!url.empty()) {
            return postgres::Connection({url, program});
        }
    } catch (const config::ConfigError& error) {
        throw cli::Failure(cli::ExitCode::usage, error.what());
    }
    throw cli::Failure(
        cli::ExitCode::usage,
        "no PostgreSQL is set: --postgres, ESTEIRA__POSTGRES__URL or [postgres] url");
}

}  // namespace esteira::query

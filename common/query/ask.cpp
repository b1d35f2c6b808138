#include "common/query/ask.hpp"

#include <cstdio>

#include "common/cli/app.hpp"
#include "common/config/flags.hpp"
#include "common/query/open.hpp"

namespace esteira::query {

using cli::ExitCode;

int ask(const Question& question, int argc, char** argv) {
    CLI::App app{question.about + " The answer is JSON, with or without --json.", question.program};
    cli::Common common;
    config::Sources sources;
    std::string url;
    cli::prepare(app, common, question.examples);
    config::add_flags(app, sources);
    question.add_options(app);
    app.add_option("--postgres", url, "Connection string, without a password.");
    return cli::run(app, argc, argv, [&] {
        auto connection = open(sources, url, question.program);
        const auto answer = question.answer(connection);
        if (!answer) {
            throw cli::Failure(ExitCode::not_found, question.missing());
        }
        std::puts(answer->c_str());
        return ExitCode::ok;
    });
}

}  // namespace esteira::query

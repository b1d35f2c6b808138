#include "workers/order_ingest/query/ask.hpp"

#include <cstdio>

#include "common/cli/app.hpp"
#include "common/config/flags.hpp"
#include "common/query/open.hpp"

namespace esteira::order_ingest {

using cli::ExitCode;

int ask(const Question& question, int argc, char** argv) {
    CLI::App app{question.about + " The answer is JSON, with or without --json.", question.program};
    cli::Common common;
    config::Sources sources;
    std::string id;
    std::string url;
    cli::prepare(app, common, question.examples);
    config::add_flags(app, sources);
    app.add_option((question.id_by_flag ? "--" : "") + question.id_name, id, question.id_about)
        ->required();
    app.add_option("--postgres", url, "Connection string, without a password.");
    if (question.add_options) {
        question.add_options(app);
    }
    return cli::run(app, argc, argv, [&] {
        auto connection = query::open(sources, url, question.program);
        const auto answer = question.answer(connection, id);
        if (!answer) {
            throw cli::Failure(ExitCode::not_found, "there is no " + question.id_name + " " + id);
        }
        std::puts(answer->c_str());
        return ExitCode::ok;
    });
}

}  // namespace esteira::order_ingest

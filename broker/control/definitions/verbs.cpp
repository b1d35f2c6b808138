#include "broker/control/definitions/verbs.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "broker/control/definitions/show.hpp"
#include "broker/control/definitions/state.hpp"
#include "common/cli/format.hpp"

namespace esteira::control::definitions {

namespace {

constexpr std::size_t kNamesTold = 10;

Json object_of(const std::vector<Change>& changes) {
    Json object = Json::object();
    for (const Change& change : changes) {
        if (change.to) {
            object[change.name] = *change.to;
        }
    }
    return object;
}

Json removed(const std::vector<Change>& changes) {
    Json names = Json::array();
    for (const Change& change : changes) {
        if (!change.to) {
            names.push_back(change.name);
        }
    }
    return names;
}

void tell_left_alone(const Plan& plan) {
    if (plan.left_alone.empty()) {
        return;
    }
    std::string names;
    for (std::size_t i = 0; i < plan.left_alone.size() && i < kNamesTold; ++i) {
        names += (i == 0 ? "" : ", ") + text_of(plan.left_alone[i]);
    }
    if (plan.left_alone.size() > kNamesTold) {
        names += " and " + cli::human_count(plan.left_alone.size() - kNamesTold) + " more";
    }
    cli::say("Not declared, and left alone: " + names);
}

void show(const Plan& plan, const cli::Common& common) {
    if (common.json) {
        return cli::print_json(json_of(plan));
    }
    for (const Step& step : plan.steps) {
        std::printf("%s\n", text_of(step).c_str());
    }
    for (const Conflict& conflict : plan.conflicts) {
        std::printf("%s\n", text_of(conflict).c_str());
    }
    if (!common.quiet) {
        tell_left_alone(plan);
        cli::say(plan.steps.empty() && plan.conflicts.empty() ? "Nothing to do" : summary_of(plan));
    }
}

cli::Failure in_the_way(const Plan& plan) {
    return {cli::ExitCode::conflict,
            cli::human_count(plan.conflicts.size()) + " conflicts are in the way: nothing is done"};
}

std::string read_file(const std::filesystem::path& file) {
    if (std::filesystem::is_directory(file)) {
        throw cli::Failure{cli::ExitCode::usage, file.string() + " is a folder, not a file"};
    }
    std::ifstream in{file, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) {
        throw cli::Failure{cli::ExitCode::not_found, file.string() + ": cannot be read"};
    }
    return text;
}

}  // namespace

void Verbs::add_pruning(CLI::App& verb, bool applies) {
    auto* prune =
        verb.add_flag("--prune", pruning_.undeclared, "Remove what is there and not declared");
    verb.add_flag("--with-messages", pruning_.with_messages,
                  "With --prune: also queues that hold messages")
        ->needs(prune);
    if (applies) {
        verb.add_flag("--yes", yes_, "With --prune: removals cannot be undone, and are meant");
    }
}

void Verbs::add_to(CLI::App& app) {
    CLI::App* word = app.add_subcommand(
        "definitions", "Queues and topics as they are declared: plan, apply, export, import");
    word->require_subcommand(1);
    plan_ = word->add_subcommand("plan", "What apply would do: what is declared against what is");
    plan_->add_flag("--check", check_, "Exit with 4 when there is anything to do");
    add_pruning(*plan_, false);
    apply_ = word->add_subcommand("apply", "Makes queues and topics as the configuration says");
    add_pruning(*apply_, true);
    export_ = word->add_subcommand("export", "The broker's queues and topics, as declarations");
    export_->add_option("file", file_, "Where to; stdout when not said");
    import_ = word->add_subcommand("import", "As apply, from a file that export wrote");
    import_->add_option("file", file_, "Declarations of queues and topics")->required();
    import_->add_flag("--dry-run", dry_run_, "As plan: say what would be done");
    add_pruning(*import_, true);
}

std::optional<cli::ExitCode> Verbs::perform(const Settings& settings) const {
    if (plan_->parsed() || (import_->parsed() && dry_run_)) {
        return plan(settings);
    }
    if (apply_->parsed() || import_->parsed()) {
        return apply(settings);
    }
    if (export_->parsed()) {
        return write(settings);
    }
    return std::nullopt;
}

config::Definitions Verbs::declared(const Settings& settings) const {
    if (!import_->parsed()) {
        return settings.loaded.config.definitions;
    }
    try {
        return config::parse_definitions(read_file(file_), file_.string());
    } catch (const config::ConfigError& error) {
        throw cli::Failure{cli::ExitCode::configuration, error.what()};
    }
}

Plan Verbs::make_plan(OpsClient& ops, const Settings& settings) const {
    Wanted wanted = resolve(ops, declared(settings));
    for (const auto& [type, workers] : settings.loaded.config.workers) {
        wanted.kept.insert(workers.queue);
    }
    return plan_of(wanted, read_existing(ops), pruning_);
}

cli::ExitCode Verbs::plan(const Settings& settings) const {
    OpsClient ops = settings.ops();
    const Plan plan = make_plan(ops, settings);
    show(plan, settings.common);
    const bool differs = check_ && !plan.steps.empty();
    return differs || !plan.conflicts.empty() ? cli::ExitCode::conflict : cli::ExitCode::ok;
}

cli::ExitCode Verbs::apply(const Settings& settings) const {
    if (pruning_.undeclared && !yes_) {
        throw cli::Failure{cli::ExitCode::usage, "--prune cannot be undone; say --yes"};
    }
    OpsClient ops = settings.ops();
    const Plan plan = make_plan(ops, settings);
    if (!plan.conflicts.empty()) {
        show(plan, settings.common);
        throw in_the_way(plan);
    }
    std::size_t done = 0;
    std::optional<cli::Failure> failure;
    for (const Step& step : plan.steps) {
        try {
            definitions::perform(ops, step);
        } catch (const cli::Failure& refused) {
            failure = refused;
            break;
        }
        ++done;
        if (!settings.common.json && !settings.common.quiet) {
            std::printf("%s\n", text_of(step).c_str());
        }
    }
    if (settings.common.json) {
        cli::print_json(json_of(plan, done, failure.has_value()));
    } else if (!settings.common.quiet) {
        tell_left_alone(plan);
        cli::say(plan.steps.empty() ? "Nothing to do"
                                    : cli::human_count(done) + " of " +
                                          cli::human_count(plan.steps.size()) + " steps done");
    }
    if (failure) {
        throw cli::Failure{done > 0 ? cli::ExitCode::partial : failure->code,
                           text_of(plan.steps[done].item) + ": " + failure->what()};
    }
    return cli::ExitCode::ok;
}

cli::ExitCode Verbs::write(const Settings& settings) const {
    OpsClient ops = settings.ops();
    const config::Definitions all = exported(ops, read_existing(ops));
    const std::string text = config::to_toml(all);
    if (file_.empty()) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        return cli::ExitCode::ok;
    }
    std::ofstream out{file_, std::ios::binary | std::ios::trunc};
    out << text << std::flush;
    if (!out) {
        throw cli::Failure{cli::ExitCode::error, file_.string() + ": cannot be written"};
    }
    if (!settings.common.quiet) {
        cli::say(cli::human_count(all.queues.size()) + " queues and " +
                 cli::human_count(all.topics.size()) + " topics in " + file_.string());
    }
    return cli::ExitCode::ok;
}

void perform(OpsClient& ops, const Step& step) {
    const Item& item = step.item;
    const Json subscription{{"topic", item.name}, {"queue", item.queue}};
    if (item.kind == Kind::queue && step.act == Act::create) {
        ask(ops, "queue.create",
            {{"queue", item.name},
             {"attribute", object_of(step.attributes)},
             {"tag", object_of(step.tags)},
             {"no_dlq", true}});
    } else if (item.kind == Kind::queue && step.act == Act::change) {
        ask(ops, "queue.set",
            {{"queue", item.name},
             {"attribute", object_of(step.attributes)},
             {"tag", object_of(step.tags)},
             {"untag", removed(step.tags)}});
    } else if (item.kind == Kind::queue) {
        ask(ops, "queue.rm",
            {{"queue", item.name}, {"confirm", item.name}, {"if_empty", step.messages == 0}});
    } else if (item.kind == Kind::topic && step.act == Act::remove) {
        ask(ops, "topic.rm", {{"topic", item.name}, {"confirm", item.name}});
    } else if (item.kind == Kind::topic) {
        ask(ops, "topic.create", {{"topic", item.name}, {"tag", object_of(step.tags)}});
    } else if (step.act == Act::remove) {
        ask(ops, "topic.unsubscribe", subscription);
    } else {
        Json arguments = subscription;
        arguments.update(object_of(step.attributes));
        ask(ops, "topic.subscribe", arguments);
    }
}

}  // namespace esteira::control::definitions

#include "broker/control/show.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "broker/control/tasks.hpp"
#include "common/cli/format.hpp"
#include "common/cli/table.hpp"

namespace esteira::control {

namespace {

using cli::Align;
using cli::human_count;

constexpr std::size_t kBodyBytesShown = 2000;

std::string text(const Json& value) {
    if (value.is_null()) {
        return "-";
    }
    if (value.is_string()) {
        return value.get<std::string>();
    }
    if (value.is_array()) {
        std::string words;
        for (const Json& word : value) {
            words += (words.empty() ? "" : ", ") + text(word);
        }
        return words;
    }
    return value.dump();
}

std::string count(const Json& row, const char* name) {
    return human_count(row.value(name, std::uint64_t{0}));
}

std::string age(const Json& row, const char* name) {
    return row[name].is_null() ? "-" : cli::human_duration(Millis{row[name].get<std::int64_t>()});
}

void print(const std::string& name, const std::string& value) {
    std::printf("%-18s %s\n", name.c_str(), cli::visible(value).c_str());
}

void print_fields(const Json& object, const std::string& prefix = {}) {
    for (const auto& [name, value] : object.items()) {
        if (value.is_object()) {
            print_fields(value, prefix + name + ".");
        } else {
            print(prefix + name, text(value));
        }
    }
}

void queues(const Json& result) {
    cli::Table table{{{"queue"},
                      {"visible", Align::right},
                      {"in flight", Align::right},
                      {"delayed", Align::right},
                      {"oldest", Align::right},
                      {"bytes", Align::right},
                      {"waiters", Align::right},
                      {"paused"},
                      {"topics"},
                      {"dead letters to"}}};
    for (const Json& row : result["queues"]) {
        const std::string dead = row["dead_letter_queue"];
        std::string feeding;
        for (const Json& topic : row["topics"]) {
            feeding += (feeding.empty() ? "" : ", ") + text(topic["topic"]);
        }
        table.row(
            {row["queue"], count(row, "visible"), count(row, "in_flight"), count(row, "delayed"),
             age(row, "oldest_age_ms"), cli::human_bytes(row["bytes"].get<std::uint64_t>()),
             count(row, "waiters"), row["paused"].empty() ? "-" : text(row["paused"]),
             feeding.empty() ? "-" : feeding,
             dead.empty() ? "-" : dead + " after " + text(row["max_receives"]) + " receives"});
    }
    table.print();
}

// What a subscription lets through.
std::string wanted(const Json& subscription) {
    const std::string filter = subscription["filter"];
    return filter.empty() ? "everything" : filter;
}

void queue(const Json& result) {
    print("queue", result["queue"]);
    print("messages", count(result, "visible") + " visible, " + count(result, "in_flight") +
                          " in flight, " + count(result, "delayed") + " delayed");
    print("oldest", age(result, "oldest_age_ms"));
    print("bytes", cli::human_bytes(result["bytes"].get<std::uint64_t>()));
    print("waiters", count(result, "waiters"));
    if (!result["paused"].empty()) {
        print("paused", text(result["paused"]));
    }
    print("created", text(result["created_at"]));
    if (!result["dead_letters_of"].empty()) {
        print("dead letters of", text(result["dead_letters_of"]));
    }
    for (const Json& topic : result["topics"]) {
        print("gets of topic", text(topic["topic"]) + ": " + wanted(topic));
    }
    for (const char* part : {"attributes", "tags", "totals"}) {
        if (!result[part].empty()) {
            std::printf("\n%s\n", part);
        }
        for (const auto& [name, value] : result[part].items()) {
            std::printf("  %-30s %s\n", name.c_str(), cli::visible(text(value)).c_str());
        }
    }
}

void topics(const Json& result) {
    cli::Table table{{{"topic"},
                      {"queues", Align::right},
                      {"published", Align::right},
                      {"unrouted", Align::right}}};
    for (const Json& row : result["topics"]) {
        table.row({row["topic"], count(row, "subscriptions"), count(row, "published"),
                   count(row, "unrouted")});
    }
    table.print();
}

void topic(const Json& result) {
    print("topic", result["topic"]);
    print("published", count(result, "published"));
    print("unrouted", count(result, "unrouted"));
    print("created", text(result["created_at"]));
    for (const auto& [name, value] : result["tags"].items()) {
        print("tag " + name, text(value));
    }
    std::printf("\n");
    cli::Table table{{{"queue"}, {"gets"}}};
    for (const Json& row : result["subscriptions"]) {
        table.row({row["queue"], wanted(row)});
    }
    table.print();
}

void created_topic(const Json& result) {
    std::printf("%s %s\n", result["topic"].get<std::string>().c_str(),
                result["created"].get<bool>() ? "created" : "was there already");
}

void created(const Json& result) {
    const std::string dead = result["attributes"]["DeadLetterQueue"];
    std::printf("%s %s%s\n", result["queue"].get<std::string>().c_str(),
                result["created"].get<bool>() ? "created" : "was there already",
                dead.empty() ? "" : (", dead letters go to " + dead).c_str());
}

void removed(const Json& result) {
    std::printf("%s: %s messages removed\n", result["queue"].get<std::string>().c_str(),
                count(result, "removed").c_str());
}

void messages(const Json& result) {
    show_messages(result["list"], kBodyBytesShown);
    const std::uint64_t shown = result["list"].size();
    cli::say(human_count(shown) + " of " + count(result, "messages") + " messages in " +
             result["queue"].get<std::string>());
    if (result["left_out"].get<std::uint64_t>() > 0) {
        cli::say(count(result, "left_out") + " more did not fit one answer");
    }
}

void dead_letter_queues(const Json& result) {
    cli::Table table{{{"dead-letter queue"},
                      {"messages", Align::right},
                      {"oldest", Align::right},
                      {"bytes", Align::right},
                      {"of"}}};
    for (const Json& row : result["queues"]) {
        table.row({row["queue"], count(row, "messages"), age(row, "oldest_age_ms"),
                   cli::human_bytes(row["bytes"].get<std::uint64_t>()),
                   text(row["dead_letters_of"])});
    }
    table.print();
}

void edited(const Json& result) {
    std::printf("mended and sent back as %s\n", result["id"].get<std::string>().c_str());
}

// What the pool's supervisor alone knows is absent while there is none.
std::string known(const Json& row, const char* name) {
    return row.contains(name) ? text(row[name]) : "-";
}

void pools(const Json& result) {
    cli::Table table{{{"pool"},
                      {"queue"},
                      {"wanted", Align::right},
                      {"mode"},
                      {"running", Align::right},
                      {"online", Align::right},
                      {"busy", Align::right},
                      {"restarts", Align::right},
                      {"state"}}};
    for (const Json& row : result["pools"]) {
        const std::string range = row.contains("min") && row["mode"] == "auto"
                                      ? " " + text(row["min"]) + ".." + text(row["max"])
                                      : "";
        table.row({row["pool"], known(row, "queue"), text(row["wanted"]),
                   row["mode"].get<std::string>() + range, known(row, "running"),
                   text(row["online"]), text(row["busy"]), known(row, "restarts"), row["state"]});
    }
    table.print();
}

void workers(const Json& result) {
    cli::Table table{{{"pool"},
                      {"name"},
                      {"host"},
                      {"pid", Align::right},
                      {"online", Align::right},
                      {"last seen", Align::right},
                      {"does"}}};
    for (const Json& row : result["workers"]) {
        table.row({row["pool"], row["name"], row["host"], text(row["pid"]), age(row, "online_ms"),
                   age(row, "silent_ms") + " ago",
                   std::string(row["busy"].get<bool>() ? "busy" : "idle") +
                       (row["draining"].get<bool>() ? ", to be drained" : "")});
    }
    table.print();
    if (!result["pools"].empty()) {
        std::printf("\n");
        pools(result);
    }
}

void scaled(const Json& result) {
    const bool fixed = result["mode"] == "fixed";
    std::printf("%s: %s\n", result["pool"].get<std::string>().c_str(),
                fixed ? (text(result["wanted"]) + (result["wanted"] == 1 ? " worker" : " workers") +
                         " from now on")
                            .c_str()
                      : "as its backlog needs from now on");
    if (result.value("state", "") == "unsupervised") {
        cli::say("no supervisor runs this pool at present; the next one will");
    }
}

void drained(const Json& result) {
    std::printf("%s: to be replaced, one after the other: %s\n",
                result["target"].get<std::string>().c_str(), text(result["draining"]).c_str());
    if (!result["elsewhere"].empty()) {
        cli::say("run by no supervisor, and left alone: " + text(result["elsewhere"]));
    }
}

void ping(const Json& result) {
    std::printf("esteira-broker %s, broker %s, process %s, up for %s%s\n",
                result["version"].get<std::string>().c_str(),
                result["broker"].get<std::string>().c_str(), text(result["pid"]).c_str(),
                age(result, "uptime_ms").c_str(),
                result["sends_accepted"].get<bool>() ? "" : "; takes no sends");
}

void metrics(const Json& result) { std::fputs(result["text"].get<std::string>().c_str(), stdout); }

// One line an attempt: when, how it ended, by whom, why.
void show_attempts(const Json& attempts, std::uint64_t total) {
    std::uint64_t ended = 0;
    for (const Json& attempt : attempts) {
        ended += attempt["end"] == "running" ? 0U : 1U;
    }
    if (total > ended) {
        print("  earlier", human_count(total - ended) + " attempts that are not kept");
    }
    for (const Json& attempt : attempts) {
        std::string line = text(attempt["leased_at"]) + "  " + text(attempt["end"]);
        if (const std::string worker = text(attempt["worker"]); !worker.empty()) {
            line += "  by " + worker + " (" + text(attempt["pool"]) + " on " +
                    text(attempt["host"]) + ")";
        }
        if (const std::string reason = text(attempt["reason"]); !reason.empty()) {
            line += ": " + reason;
        }
        print("  attempt", line);
    }
}

struct Shown {
    std::string_view command;
    void (*show)(const Json&);
};
constexpr Shown kShown[] = {
    {"topic.ls", &topics},
    {"topic.show", &topic},
    {"topic.create", &created_topic},
    {"topic.subscribe", &topic},
    {"topic.unsubscribe", &topic},
    {"queue.ls", &queues},
    {"queue.show", &queue},
    {"queue.set", &queue},
    {"queue.pause", &queue},
    {"queue.resume", &queue},
    {"queue.create", &created},
    {"queue.purge", &removed},
    {"queue.rm", &removed},
    {"msg.peek", &messages},
    {"dlq.show", &messages},
    {"dlq.ls", &dead_letter_queues},
    {"dlq.tasks", &show_tasks},
    {"dlq.cancel", &show_task},
    {"dlq.edit", &edited},
    {"dlq.drop", &removed},
    {"worker.ls", &workers},
    {"worker.pools", &pools},
    {"worker.scale", &scaled},
    {"worker.drain", &drained},
    {"node.ping", &ping},
    {"metrics", &metrics},
};

}  // namespace

void show_messages(const Json& list, std::size_t body_bytes_max) {
    for (const Json& message : list) {
        for (const auto& [name, value] : message.items()) {
            if (value.is_null() || value == "" || (value.is_array() && value.empty()) ||
                ((name == "crashes" || name == "attempts_total") && value == 0)) {
                continue;
            }
            if (name == "attempts") {
                show_attempts(value, message["attempts_total"].get<std::uint64_t>());
                continue;
            }
            if (name == "attributes") {
                for (const Json& attribute : value) {
                    print("  " + text(attribute["name"]), attribute.contains("value")
                                                              ? text(attribute["value"])
                                                              : text(attribute["value_base64"]));
                }
                continue;
            }
            std::string shown = text(value);
            if (name.starts_with("body") && shown.size() > body_bytes_max) {
                shown = shown.substr(0, body_bytes_max) + " ... (--json shows all of it)";
            }
            print(name, shown);
        }
        std::printf("\n");
    }
}

void show(const std::string& command, const Json& result, const cli::Common& common) {
    if (common.json) {
        cli::print_json(nlohmann::json(result));
        return;
    }
    const auto* row = std::find_if(std::begin(kShown), std::end(kShown),
                                   [&](const Shown& s) { return s.command == command; });
    if (row == std::end(kShown)) {
        print_fields(result);
    } else {
        row->show(result);
    }
}

}  // namespace esteira::control

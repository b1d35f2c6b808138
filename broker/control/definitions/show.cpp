#include "broker/control/definitions/show.hpp"

#include <algorithm>

#include "common/cli/format.hpp"

namespace esteira::control::definitions {

namespace {

const char* word_of(Act act) {
    switch (act) {
        case Act::create:
            return "create";
        case Act::change:
            return "change";
        case Act::remove:
            return "remove";
    }
    return "";
}

const char* word_of(Kind kind) {
    switch (kind) {
        case Kind::queue:
            return "queue";
        case Kind::topic:
            return "topic";
        case Kind::subscription:
            return "subscription";
    }
    return "";
}

const char* sign_of(Act act) {
    return act == Act::create ? "+ " : act == Act::change ? "~ " : "- ";
}

// As it would stand in the file, but for what is not there.
std::string shown(const std::optional<std::string>& value) {
    return !value ? "(none)" : value->empty() ? "\"\"" : cli::visible(*value);
}

std::string lines_of(Act act, const std::string& word, const std::vector<Change>& changes) {
    std::string lines;
    for (const Change& change : changes) {
        lines += "\n    " + word + cli::visible(change.name);
        lines += act == Act::create ? " = " + shown(change.to)
                                    : ": " + shown(change.from) + " -> " + shown(change.to);
    }
    return lines;
}

Json json_of(const Item& item) {
    Json object{{"kind", word_of(item.kind)}};
    object[item.kind == Kind::queue ? "queue" : "topic"] = item.name;
    if (item.kind == Kind::subscription) {
        object["queue"] = item.queue;
    }
    return object;
}

Json json_of(const std::vector<Change>& changes) {
    const auto value = [](const std::optional<std::string>& text) {
        return text ? Json(*text) : Json(nullptr);
    };
    Json object = Json::object();
    for (const Change& change : changes) {
        object[change.name] = {{"from", value(change.from)}, {"to", value(change.to)}};
    }
    return object;
}

Json json_of(const Step& step) {
    Json object{{"act", word_of(step.act)}};
    object.update(json_of(step.item));
    if (step.item.kind == Kind::subscription && !step.attributes.empty()) {
        object["filter"] = json_of(step.attributes)["filter"];
    } else if (!step.attributes.empty()) {
        object["attributes"] = json_of(step.attributes);
    }
    if (!step.tags.empty()) {
        object["tags"] = json_of(step.tags);
    }
    if (step.act == Act::remove && step.item.kind == Kind::queue) {
        object["messages"] = step.messages;
    }
    return object;
}

}  // namespace

std::string text_of(const Item& item) {
    switch (item.kind) {
        case Kind::queue:
            return "queue " + item.name;
        case Kind::topic:
            return "topic " + item.name;
        case Kind::subscription:
            break;
    }
    return "subscription " + item.name + " -> " + item.queue;
}

std::string text_of(const Step& step) {
    std::string text = sign_of(step.act) + text_of(step.item);
    if (step.messages > 0) {
        text += " and " + cli::human_count(step.messages) + " messages";
    }
    return text + lines_of(step.act, "", step.attributes) + lines_of(step.act, "tag ", step.tags);
}

std::string text_of(const Conflict& conflict) {
    return "! " + text_of(conflict.item) + ": " + cli::visible(conflict.reason);
}

std::string summary_of(const Plan& plan) {
    const auto count = [&](Act act) {
        return cli::human_count(static_cast<std::uint64_t>(std::count_if(
            plan.steps.begin(), plan.steps.end(), [&](const Step& s) { return s.act == act; })));
    };
    return count(Act::create) + " to create, " + count(Act::change) + " to change, " +
           count(Act::remove) + " to remove";
}

Json json_of(const Plan& plan) {
    Json steps = Json::array();
    for (const Step& step : plan.steps) {
        steps.push_back(json_of(step));
    }
    Json conflicts = Json::array();
    for (const Conflict& conflict : plan.conflicts) {
        Json object = json_of(conflict.item);
        object["reason"] = conflict.reason;
        conflicts.push_back(std::move(object));
    }
    Json left = Json::array();
    for (const Item& item : plan.left_alone) {
        left.push_back(json_of(item));
    }
    return {{"steps", std::move(steps)},
            {"conflicts", std::move(conflicts)},
            {"left_alone", std::move(left)}};
}

Json json_of(const Plan& plan, std::size_t done, bool failed) {
    Json document = json_of(plan);
    std::size_t index = 0;
    for (Json& step : document["steps"]) {
        step["outcome"] = index < done ? "done" : index == done && failed ? "failed" : "not_done";
        ++index;
    }
    return document;
}

}  // namespace esteira::control::definitions

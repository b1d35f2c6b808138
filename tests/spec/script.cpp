#include "tests/spec/script.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"
#include "common/base/overloaded.hpp"
#include "tests/spec/line.hpp"
#include "tests/spec/story.hpp"

namespace esteira::spec {

namespace {

using dialogue::Answer;

std::string short_name(dialogue::Code code) {
    if (code == dialogue::Code::receipt_stale) {
        return "stale";
    }
    return dialogue::to_string(code);
}

// Longer deduplication ids are made by the broker, and no matter of a script.
constexpr std::size_t kDedupShown = 20;

// What the script knows of a delivery that it saw.
struct Seen {
    dialogue::Receipt receipt;
    std::uint32_t index = 0;
    std::string look;
    std::string story;
};

class Runner {
public:
    explicit Runner(Door& door) : door_(door) {}

    std::string play(const Line& line) {
        door_.at(line.time);
        if (line.command == "send") {
            return send(line);
        }
        if (line.command == "receive") {
            return receive(line);
        }
        if (line.command == "answer") {
            return told(door_.answer(line.session));
        }
        if (line.command == "again") {
            return told(door_.again(line.session));
        }
        if (line.command == "look") {
            return seen_.at(line.words.at(0)).look;
        }
        if (line.command == "story") {
            return seen_.at(line.words.at(0)).story;
        }
        if (line.command == "counts") {
            return counts(line);
        }
        if (line.command == "totals") {
            return totals(line);
        }
        if (OperatorLine::knows(line.command)) {
            return door_.operate({line.command, line.words, line.options});
        }
        if (line.command == "restart") {
            door_.restart();
            return "ok";
        }
        if (line.command.ends_with("topic") || line.command.ends_with("subscribe")) {
            return topics(line);
        }
        if (const auto told_by = admin(line)) {
            return *told_by;
        }
        if (const auto told_by = worker(line)) {
            return *told_by;
        }
        return settle(line);
    }

private:
    std::string told(const std::optional<Answer>& answer) {
        if (!answer) {
            return "waiting";
        }
        return std::visit(
            Overloaded{
                [](const dialogue::Refused& r) { return short_name(r.code); },
                [](const dialogue::SendReply& r) { return results(r.results); },
                [](const dialogue::SettleReply& r) { return results(r.results); },
                [&](const dialogue::ReceiveReply& r) { return received(r); },
                [](const dialogue::HelloReply&) { return std::string("ok"); },
                [](const dialogue::BeatReply&) { return std::string("ok"); },
                [](const dialogue::QueueReply&) { return std::string("ok"); },
                [](const dialogue::ListReply& r) { return joined(r.names); },
                [](const dialogue::DoneReply& r) { return "ok " + std::to_string(r.affected); }},
            *answer);
    }

    static std::string results(const std::vector<dialogue::ResultRun>& runs) {
        std::vector<std::string> words;
        for (const auto& run : runs) {
            for (std::uint32_t i = 0; i < run.count; ++i) {
                words.push_back(short_name(run.code));
            }
        }
        const bool all_same = std::all_of(words.begin(), words.end(),
                                          [&](const std::string& w) { return w == words[0]; });
        return all_same && !words.empty() ? words[0] : joined(words);
    }

    std::string received(const dialogue::ReceiveReply& reply) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < reply.messages.size(); ++i) {
            const dialogue::Delivery& m = reply.messages[i];
            const std::string body(as_text(m.body));
            // The same delivery told again has the same name.
            const auto number = reply.receipt.first.value + i;
            const auto [at, fresh] = names_.try_emplace(number);
            if (fresh) {
                at->second = body + "#" + std::to_string(++deliveries_[body]);
            }
            std::vector<std::string> look{"receives=" + std::to_string(m.receives)};
            if (m.crashes > 0) {
                look.push_back("crashes=" + std::to_string(m.crashes));
            }
            if (!m.group.empty()) {
                look.push_back("group=" + std::string(m.group));
            }
            if (!m.dedup.empty() && m.dedup.size() <= kDedupShown) {
                look.push_back("dedup=" + std::string(m.dedup));
            }
            if (!m.source.empty()) {
                look.push_back("source=" + std::string(m.source));
            }
            if (!m.origin.empty()) {
                look.push_back("origin=" + std::string(m.origin));
            }
            if (!m.reason.empty()) {
                look.push_back("reason=" + std::string(m.reason));
            }
            if (began_ == WallTime{}) {
                began_ = m.sent_at;
            }
            seen_[at->second] = {reply.receipt, static_cast<std::uint32_t>(i), joined(look),
                                 story_of(m.history, began_)};
            names.push_back(at->second);
        }
        return joined(names);
    }

    std::string send(const Line& line) {
        dialogue::Send send{line.words.at(0), {}};
        std::vector<Attribute> attributes;
        for (const auto& [name, value] : line.options) {
            if (name.starts_with("attr.")) {
                attributes.push_back({std::string_view(name).substr(5), "String", as_bytes(value)});
            }
        }
        const std::vector<std::byte> block = pack_attributes(attributes);
        for (std::size_t i = 1; i < line.words.size(); ++i) {
            dialogue::SendEntry entry{as_bytes(line.words[i])};
            if (line.options.contains("delay")) {
                entry.delay = duration(line.options.at("delay"));
            }
            if (line.options.contains("origin")) {
                entry.origin = line.options.at("origin");
            }
            if (line.options.contains("group")) {
                entry.group = line.options.at("group");
            }
            if (line.options.contains("dedup")) {
                entry.dedup = line.options.at("dedup");
            }
            entry.attributes = block;
            send.entries.push_back(entry);
        }
        return told(door_.ask(line.session, send));
    }

    std::string receive(const Line& line) {
        dialogue::Receive receive{line.words.at(0),
                                  static_cast<std::uint32_t>(std::stoul(line.words.at(1))),
                                  Millis{0},
                                  {}};
        if (line.options.contains("wait")) {
            receive.wait = duration(line.options.at("wait"));
        }
        if (line.options.contains("visibility")) {
            receive.visibility = duration(line.options.at("visibility"));
        }
        if (line.options.contains("attempt")) {
            receive.attempt = line.options.at("attempt");
        }
        if (line.options.contains("min")) {
            receive.min = static_cast<std::uint32_t>(std::stoul(line.options.at("min")));
        }
        return told(door_.ask(line.session, receive));
    }

    std::string settle(const Line& line) {
        static const std::map<std::string, dialogue::Verdict> kVerdicts{
            {"done", dialogue::Verdict::done},
            {"retry", dialogue::Verdict::retry},
            {"dead", dialogue::Verdict::dead},
            {"handback", dialogue::Verdict::hand_back},
            {"hide", dialogue::Verdict::visibility}};
        const auto verdict = kVerdicts.find(line.command);
        if (verdict == kVerdicts.end()) {
            throw std::runtime_error("no such command: " + line.command);
        }
        std::vector<std::string> names = line.words;
        std::optional<Millis> delay;
        if (names.size() > 1 && names.back().find('#') == std::string::npos) {
            delay = duration(names.back());
            names.pop_back();
        }
        dialogue::Settle settle;
        for (const std::string& name : names) {
            const Seen& seen = seen_.at(name);
            dialogue::VerdictEntry entry{seen.receipt, seen.index, 1, verdict->second, delay};
            if (line.options.contains("reason")) {
                entry.reason = line.options.at("reason");
            }
            if (line.options.contains("send")) {
                const std::string& sent = line.options.at("send");
                const auto colon = sent.find(':');
                const std::string_view view(sent);
                entry.sends.emplace_back(view.substr(0, colon),
                                         dialogue::SendEntry{as_bytes(view.substr(colon + 1))});
            }
            settle.verdicts.push_back(entry);
        }
        return told(door_.ask(line.session, settle));
    }

    std::optional<std::string> admin(const Line& line) {
        const dialogue::Attributes attributes(line.options.begin(), line.options.end());
        if (line.command == "create") {
            return told(
                door_.ask(line.session, dialogue::CreateQueue{line.words.at(0), attributes, {}}));
        }
        if (line.command == "set") {
            return told(door_.ask(line.session, dialogue::SetQueue{line.words.at(0), attributes}));
        }
        if (line.command == "tag") {
            return told(door_.ask(
                line.session,
                dialogue::SetQueue{
                    line.words.at(0), {}, attributes, {line.words.begin() + 1, line.words.end()}}));
        }
        if (line.command == "tags") {
            return tags_of(line.words.at(0));
        }
        if (line.command == "rm") {
            return told(door_.ask(line.session, dialogue::DeleteQueue{line.words.at(0)}));
        }
        if (line.command == "purge") {
            return told(door_.ask(line.session, dialogue::PurgeQueue{line.words.at(0)}));
        }
        if (line.command == "ls") {
            return told(door_.ask(line.session, dialogue::ListQueues{"", "", 1000}));
        }
        if (line.command == "get") {
            return attributes_of(line, line.words.at(0));
        }
        return std::nullopt;
    }

    std::string topics(const Line& line) {
        std::vector<std::string> words = line.words;
        words.insert(words.begin(), line.command);
        const auto filter = line.options.find("filter");
        words.push_back(filter == line.options.end() ? "" : filter->second);
        std::replace(words.back().begin(), words.back().end(), '+', ' ');
        const auto refused = door_.topics(words);
        return refused ? short_name(*refused) : "ok";
    }

    std::optional<std::string> worker(const Line& line) {
        if (line.command == "hello") {
            return told(
                door_.ask(line.session, dialogue::Hello{"test", line.words.at(0), "here", 1}));
        }
        if (line.command == "goodbye") {
            dialogue::Hello leaving{"test", {}, "here", 1};
            leaving.leaving = true;
            return told(door_.ask(line.session, leaving));
        }
        if (line.command != "beat" && line.command != "start") {
            return std::nullopt;
        }
        dialogue::Beat beat;
        for (const std::string& name : line.words) {
            beat.started.push_back({seen_.at(name).receipt, seen_.at(name).index, 1});
        }
        return told(door_.ask(line.session, beat));
    }

    std::map<std::string, std::string> all_attributes(const std::string& queue) {
        const auto answer = door_.ask("operator", dialogue::GetQueue{queue});
        const auto* reply = std::get_if<dialogue::QueueReply>(&*answer);
        if (reply == nullptr) {
            return {};
        }
        return {reply->attributes.begin(), reply->attributes.end()};
    }

    std::string attributes_of(const Line& line, const std::string& queue) {
        const auto all = all_attributes(queue);
        std::vector<std::string> values;
        for (std::size_t i = 1; i < line.words.size(); ++i) {
            const auto at = all.find(line.words[i]);
            values.push_back(at == all.end() ? "none" : at->second);
        }
        return joined(values);
    }

    std::string tags_of(const std::string& queue) {
        const auto answer = door_.ask("operator", dialogue::GetQueue{queue});
        std::vector<std::string> tags;
        for (const auto& [key, value] : std::get<dialogue::QueueReply>(*answer).tags) {
            tags.push_back(key + "=" + value);
        }
        std::sort(tags.begin(), tags.end());
        return joined(tags);
    }

    std::string counts(const Line& line) {
        auto all = all_attributes(line.words.at(0));
        return "visible=" + all["ApproximateNumberOfMessages"] +
               " in_flight=" + all["ApproximateNumberOfMessagesNotVisible"] +
               " delayed=" + all["ApproximateNumberOfMessagesDelayed"];
    }

    std::string totals(const Line& line) {
        const auto all = door_.totals(line.words.at(0));
        std::vector<std::string> told_totals;
        for (std::size_t i = 1; i < line.words.size(); ++i) {
            told_totals.push_back(line.words[i] + "=" + std::to_string(all.at(line.words[i])));
        }
        return joined(told_totals);
    }

    Door& door_;
    std::map<std::string, int> deliveries_;
    std::map<std::uint64_t, std::string> names_;
    std::map<std::string, Seen> seen_;
    WallTime began_{};  // When the first message was sent that was seen.
};

}  // namespace

std::string run(const std::string& script, Door& door) {
    Runner runner(door);
    std::deque<Line> lines;  // Requests are views into them, and may be repeated.
    std::istringstream in(script);
    std::ostringstream out;
    std::string text;
    while (std::getline(in, text)) {
        const auto arrow = text.find("=>");
        if (text.empty() || text.front() == '#' || arrow == std::string::npos) {
            out << text << '\n';
            continue;
        }
        out << text.substr(0, arrow) << "=> "
            << runner.play(lines.emplace_back(parse(text.substr(0, arrow)))) << '\n';
    }
    return out.str();
}

std::string read_script(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> scripts_in(const std::string& folder) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".spec") {
            paths.push_back(entry.path().string());
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace esteira::spec

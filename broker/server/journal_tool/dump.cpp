// The journal's events, one line each.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>

#include "broker/engine/event_codec.hpp"
#include "broker/server/engine_tools.hpp"
#include "broker/server/journal_tool/event_json.hpp"
#include "broker/server/journal_tool/room.hpp"
#include "common/base/overloaded.hpp"
#include "common/cli/format.hpp"
#include "common/cli/json_text.hpp"

namespace esteira::journal_tool {

namespace {

using journal::FrameKind;
using journal::InspectedFrame;
using Json = nlohmann::ordered_json;

class Dump {
public:
    explicit Dump(const Options& options) : options_(options) {}

    void frame(const InspectedFrame& frame) {
        if (const auto state = parts_.add(frame)) {
            learn_names(frame, *state);
        }
        if (frame.header.kind != FrameKind::events) {
            return;
        }
        std::size_t used = 0;
        while (used < frame.payload.size()) {
            try {
                const auto [event, size] = engine::decode(frame.payload.subspan(used));
                learn_name(event);
                if (frame.chunk >= options_.from && wanted(event)) {
                    line(frame, used, event);
                }
                used += size;
            } catch (const engine::BrokenLog& broken) {
                cli::say(place_of(frame) + ": " + broken.what());
                ++broken_;
                return;
            }
        }
    }
    std::uint64_t lines() const { return lines_; }
    std::uint64_t broken() const { return broken_; }

private:
    // A chunk's state names the queues that were there when it was opened.
    void learn_names(const InspectedFrame& frame, std::span<const std::byte> state) {
        NoLog no_log;
        const broker::EngineTools tools;
        engine::Engine engine(no_log, tools, 0);
        engine.load_state(frame.chunk, state);
        for (const auto* names : {&engine.queue_names(), &engine.topic_names()}) {
            for (const auto& [name, number] : *names) {
                names_[number] = name;
            }
        }
    }
    void learn_name(const engine::Event& event) {
        if (const auto* made = std::get_if<engine::QueueMade>(&event)) {
            names_[made->queue] = made->name;
        }
    }

    bool is_asked_for(std::optional<QueueNumber> queue) const {
        if (!queue) {
            return false;
        }
        const auto name = names_.find(*queue);
        return (name != names_.end() && name->second == *options_.queue) ||
               std::to_string(queue->value) == *options_.queue;
    }
    bool wanted(const engine::Event& event) const {
        if (!options_.queue) {
            return true;
        }
        const Concerned concerned = queues_of(event);
        return is_asked_for(concerned.queue) ||
               std::any_of(concerned.others.begin(), concerned.others.end(),
                           [this](QueueNumber queue) { return is_asked_for(queue); });
    }

    void line(const InspectedFrame& frame, std::size_t used, const engine::Event& event) {
        ++lines_;
        const std::uint64_t slot = frame.at + journal::kFrameHeaderBytes + used;
        Json json{{"position", std::to_string(frame.chunk) + ":" + std::to_string(slot)},
                  {"time", cli::json_of(frame.header.time.wall)}};
        Json fields = json_of(event, options_.bodies);
        if (const auto number = queues_of(event).queue) {
            const auto name = names_.find(*number);
            if (name != names_.end()) {
                fields["queue_name"] = name->second;
            }
        }
        if (options_.common.json) {
            json.update(fields);
            const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
            std::printf("%s\n", text.c_str());
            return;
        }
        std::string text = json["position"].get<std::string>() + "  " +
                           json["time"].get<std::string>() + "  " +
                           fields["event"].get<std::string>();
        for (const auto& [name, value] : fields.items()) {
            if (name != "event" && value != "") {
                text += " " + name + "=" +
                        (value.is_string()
                             ? value.get<std::string>()
                             : value.dump(-1, ' ', false, Json::error_handler_t::replace));
            }
        }
        std::printf("%s\n", cli::visible(text).c_str());
    }

    const Options& options_;
    StateParts parts_;
    std::map<QueueNumber, std::string> names_;
    std::uint64_t lines_ = 0;
    std::uint64_t broken_ = 0;
};

}  // namespace

cli::ExitCode dump(const Options& options) {
    Dump dump(options);
    const journal::LogReport log =
        inspect(options, [&](const InspectedFrame& frame) { dump.frame(frame); });
    if (!options.common.quiet) {
        cli::say(cli::human_count(dump.lines()) + " events");
    }
    if (!log.sound() || dump.broken() > 0) {
        cli::say("the journal is damaged; esteira-journal verify says where");
        return cli::ExitCode::journal_damaged;
    }
    return cli::ExitCode::ok;
}

}  // namespace esteira::journal_tool

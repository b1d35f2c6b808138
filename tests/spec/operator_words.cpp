#include "tests/spec/operator_words.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "common/base/bytes.hpp"

namespace esteira::spec {

namespace {

constexpr const char* kCommands[] = {"move", "drop", "edit", "tasks", "cancel", "peek"};

std::string option(const OperatorLine& line, const std::string& name) {
    const auto at = line.options.find(name);
    return at == line.options.end() ? std::string() : at->second;
}

// A script's words have no blanks.
std::string filter_of(const OperatorLine& line) {
    std::string filter = option(line, "filter");
    std::replace(filter.begin(), filter.end(), '+', ' ');
    return filter;
}

std::uint64_t number_of(const OperatorLine& line, const std::string& name) {
    const std::string text = option(line, name);
    return text.empty() ? 0 : std::stoull(text);
}

std::string start(const OperatorLine& line, engine::Engine& engine, Now now) {
    engine::MoveCommand command;
    command.kind = line.command == "drop" ? engine::MoveKind::drop : engine::MoveKind::redrive;
    command.source = line.words.at(0);
    command.destination = option(line, "to");
    command.filter = filter_of(line);
    command.rate_milli = static_cast<std::uint32_t>(number_of(line, "rate") * 1000);
    command.limit = number_of(line, "limit");
    command.dry_run = !option(line, "dry").empty();
    command.any_source = !option(line, "any").empty();
    const auto started = engine.start_move(command, now);
    return started ? "task " + std::to_string(started.value())
                   : dialogue::to_string(started.error().code);
}

std::string told(const engine::Move& move) {
    std::string text = std::to_string(move.id) + ":" + to_string(move.state) +
                       (move.dry_run ? "(dry)" : "") + ":moved=" + std::to_string(move.moved);
    for (std::size_t i = 0; i < move.skipped.size(); ++i) {
        if (move.skipped[i] > 0) {
            text += std::string(":") + to_string(static_cast<engine::Skip>(i)) + "=" +
                    std::to_string(move.skipped[i]);
        }
    }
    if (move.left() > 0) {
        text += ":left=" + std::to_string(move.left());
    }
    return move.failure.empty() ? text : text + ":" + move.failure;
}

std::string tasks(const OperatorLine& line, const engine::Engine& engine) {
    std::string text;
    for (const engine::Move* move : engine.moves().all()) {
        if (line.words.empty() || move->source_name == line.words[0]) {
            text += (text.empty() ? "" : " ") + told(*move);
        }
    }
    return text.empty() ? "-" : text;
}

std::optional<MessageNumber> number_by_body(const std::string& queue, const std::string& body,
                                            engine::Engine& engine, Now now) {
    const auto peeked = engine.peek(queue, 1000, {}, now);
    if (!peeked) {
        return std::nullopt;
    }
    for (const auto& message : peeked.value()) {
        if (as_text(message.body) == body) {
            return message.number;
        }
    }
    return std::nullopt;
}

std::string peek(const OperatorLine& line, engine::Engine& engine, Now now) {
    const auto peeked = engine.peek(line.words.at(0), 1000, filter_of(line), now);
    if (!peeked) {
        return dialogue::to_string(peeked.error().code);
    }
    std::string text;
    for (const auto& message : peeked.value()) {
        const auto history = unpack_history(as_bytes(message.history));
        text += (text.empty() ? "" : " ") + std::string(as_text(message.body)) +
                (history->edited_at != WallTime{} ? "(edited)" : "");
    }
    return text.empty() ? "-" : text;
}

std::string edit(const OperatorLine& line, engine::Engine& engine, Now now) {
    const std::string& queue = line.words.at(0);
    engine::Edit edit{
        queue,
        number_by_body(queue, line.words.at(1), engine, now).value_or(MessageNumber{}),
        option(line, "to"),
        as_bytes(line.words.at(2)),
        {}};
    const auto edited = engine.edit(edit, now);
    return edited ? "ok" : dialogue::to_string(edited.error().code);
}

}  // namespace

bool OperatorLine::knows(const std::string& command) {
    return std::find(std::begin(kCommands), std::end(kCommands), command) != std::end(kCommands);
}

std::string operate(const OperatorLine& line, engine::Engine& engine, Now now) {
    if (line.command == "tasks") {
        return tasks(line, engine);
    }
    if (line.command == "peek") {
        return peek(line, engine, now);
    }
    if (line.command == "edit") {
        return edit(line, engine, now);
    }
    if (line.command == "cancel") {
        const auto done = engine.cancel_move(std::stoull(line.words.at(0)), now);
        return done ? "ok" : dialogue::to_string(done.error().code);
    }
    if (line.command == "drop" && line.words.size() > 1) {
        const auto number = number_by_body(line.words[0], line.words[1], engine, now);
        const auto done = engine.drop(line.words[0], number.value_or(MessageNumber{}), now);
        return done ? "ok" : dialogue::to_string(done.error().code);
    }
    return start(line, engine, now);
}

}  // namespace esteira::spec

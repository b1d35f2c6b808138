#include "producers/send_file/sending.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "common/cli/format.hpp"
#include "producers/send_file/line_reader.hpp"

namespace esteira::send_file {

namespace {

using cli::human_count;

// A batch stays well below what a request may have, with what surrounds the bodies.
constexpr std::size_t kBatchBytesMax = 4 << 20;
// An envelope's body may be escapes, six bytes for one.
constexpr std::size_t kEnvelopeBytesMax = 8 * limits::kMessageBytesMax;
constexpr std::uint64_t kFaultsTold = 20;
constexpr Millis kIdle{50};

}  // namespace

Sending::Sending(Options options)
    : options_(std::move(options)),
      progress_(options_.flush ? "send spool" : "send " + options_.queue, 0, "messages",
                cli::Progress::mode_for(options_.common)),
      sender_(options_.sender, [this](const auto& outcome) { told(outcome); }),
      started_(std::chrono::steady_clock::now()) {}

void Sending::refuse(std::uint64_t line, const std::string& reason) {
    ++refused_lines_;
    if (++told_faults_ <= kFaultsTold) {
        cli::say("line " + std::to_string(line) + ": " + reason);
    }
}

void Sending::told(const producers::BatchSender::Outcome& outcome) {
    const auto batch = taken_over_by_tag_.find(outcome.tag);
    const auto line_of = [&](std::size_t i) {
        return batch == taken_over_by_tag_.end()
                   ? std::string("spool")
                   : "line " + std::to_string(batch->second.lines[outcome.entries[i]]);
    };
    for (std::uint32_t i = 0; i < outcome.result.count; ++i) {
        if (outcome.result.code == dialogue::Code::ok) {
            if (!options_.verbose) {
                break;
            }
            const MessageNumber number{outcome.result.first.value + i};
            const std::string id = dialogue::message_id(outcome.broker, number);
            if (options_.common.json) {
                cli::say(line_of(i) + " " + id);  // stdout is the one document's.
            } else {
                std::printf("%s %s\n", id.c_str(), line_of(i).c_str());
            }
        } else if (++told_faults_ <= kFaultsTold) {
            cli::say(line_of(i) + ": " + dialogue::to_string(outcome.result.code) + ": " +
                     outcome.result.reason);
        }
    }
    if (batch != taken_over_by_tag_.end() && (batch->second.untold -= outcome.result.count) == 0) {
        taken_over_by_tag_.erase(batch);
    }
    progress_.update(sender_.counts().sent);
}

// No faster than the rate; meanwhile answers are taken.
void Sending::pace() {
    if (options_.rate > 0) {
        const auto due =
            std::chrono::duration<double>(static_cast<double>(taken_over_) / options_.rate);
        sender_.work_until(started_ +
                           std::chrono::duration_cast<std::chrono::steady_clock::duration>(due));
    }
}

// While no input comes: what there is goes out, and answers are taken.
bool Sending::idle() {
    send_batch();
    if (sender_.waiting_batches() == 0) {
        return false;
    }
    sender_.work_until(std::chrono::steady_clock::now() + kIdle);
    return true;
}

void Sending::send_batch() {
    if (batch_.messages.empty()) {
        return;
    }
    pace();
    dialogue::Send send{options_.queue, {}};
    for (const Message& message : batch_.messages) {
        dialogue::SendEntry& entry = send.entries.emplace_back();
        entry.body = as_bytes(message.body);
        entry.delay = message.delay;
        entry.attributes = message.attributes;
        entry.group = message.group.empty() ? options_.group : message.group;
        entry.dedup = message.dedup;
    }
    const std::uint64_t tag = next_tag_++;
    const std::uint64_t last = batch_.lines.back();
    taken_over_by_tag_[tag] = {batch_.lines, batch_.lines.size()};
    sender_.send(tag, send);
    taken_over_ += batch_.messages.size();
    last_line_ = last;
    batch_ = {};
}

void Sending::take(std::uint64_t line, Message message) {
    const std::size_t bytes = message.body.size() + message.attributes.size();
    if (message.body.empty()) {
        return refuse(line, "a message has a body");
    }
    if (bytes > limits::kMessageBytesMax) {
        return refuse(line, "body and attributes are more than 1 MiB");
    }
    if (batch_.bytes + bytes > kBatchBytesMax) {
        send_batch();
    }
    batch_.bytes += bytes;
    batch_.messages.push_back(std::move(message));
    batch_.lines.push_back(line);
    if (batch_.messages.size() >= options_.batch) {
        send_batch();
    }
}

void Sending::read_lines(int fd) {
    LineReader reader(fd, options_.envelope ? kEnvelopeBytesMax : limits::kMessageBytesMax,
                      [this] { return idle(); });
    while (const auto line = reader.next()) {
        if (options_.sender.interrupted && options_.sender.interrupted()) {
            throw producers::Interrupted();
        }
        if (line->too_long) {
            refuse(line->number, "it is too long for a message");
        } else if (line->text.empty()) {
            ++blank_lines_;
        } else if (!options_.envelope) {
            take(line->number, {std::string(line->text), {}, options_.attributes});
        } else if (auto message = read_envelope(line->text)) {
            take(line->number, std::move(message).value());
        } else {
            refuse(line->number, message.error());
        }
    }
    if (reader.failed()) {
        if (errno == EINTR) {
            throw producers::Interrupted();
        }
        throw cli::Failure{cli::ExitCode::error,
                           options_.file.string() + ": " + std::strerror(errno)};
    }
}

void Sending::read_input() {
    if (options_.flush) {
        return;
    }
    if (options_.body) {
        take(1, {*options_.body, {}, options_.attributes});
    } else if (options_.file.empty() || options_.file == "-") {
        read_lines(STDIN_FILENO);
    } else {
        const int fd = ::open(options_.file.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            throw cli::Failure{cli::ExitCode::not_found,
                               options_.file.string() + ": " + std::strerror(errno)};
        }
        const auto closed = [](const int* open) { ::close(*open); };
        const std::unique_ptr<const int, decltype(closed)> closer(&fd, closed);
        read_lines(fd);
    }
    send_batch();
}

cli::ExitCode Sending::result() const {
    const producers::SenderCounts& counts = sender_.counts();
    const std::uint64_t failed = counts.failed + refused_lines_ + counts.damaged.size();
    if (failed == 0) {
        return cli::ExitCode::ok;
    }
    if (counts.sent > 0) {
        return cli::ExitCode::partial;
    }
    if (counts.reasons.contains("no_such_queue")) {
        return cli::ExitCode::not_found;
    }
    return cli::ExitCode::error;
}

cli::ExitCode Sending::run() {
    cli::ExitCode code = cli::ExitCode::error;
    std::string fault;
    try {
        read_input();
        sender_.finish();
        code = result();
    } catch (const client::Unreachable& silence) {
        code = cli::ExitCode::unreachable;
        fault = silence.what();
    } catch (const producers::SpoolFull& full) {
        code = cli::ExitCode::unreachable;
        fault = full.what();
    } catch (const producers::KeptOut& kept) {
        code = cli::ExitCode::timeout;
        fault = kept.what();
    } catch (const producers::Interrupted& signal) {
        code = cli::ExitCode::interrupted;
        fault = signal.what();
    } catch (const cli::Failure& failure) {
        code = failure.code;
        fault = failure.what();
    }
    progress_.finish();
    summary(code, fault);
    return code;
}

void Sending::summary(cli::ExitCode code, const std::string& fault) const {
    const producers::SenderCounts& counts = sender_.counts();
    const std::uint64_t waiting = sender_.waiting_messages();
    const bool spooled = !options_.sender.spool.empty();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    nlohmann::ordered_json document{{"queue", options_.queue},
                                    {"sent", counts.sent},
                                    {"failed", counts.failed + refused_lines_},
                                    {"refused_lines", refused_lines_},
                                    {"blank_lines", blank_lines_},
                                    {spooled ? "kept_in_spool" : "unanswered", waiting},
                                    {"from_spool", counts.from_spool},
                                    {"last_line", last_line_},
                                    {"batches", counts.batches},
                                    {"retried_batches", counts.retried},
                                    {"seconds", seconds}};
    nlohmann::ordered_json reasons = nlohmann::ordered_json::object();
    for (const auto& [name, reason] : counts.reasons) {
        reasons[name] = {{"messages", reason.messages}, {"last", reason.last}};
    }
    document["reasons"] = std::move(reasons);
    document["damaged_files"] = counts.damaged;
    document["refused_files"] = counts.refused;
    document["fault"] = fault;
    for (const std::string& file : counts.damaged) {
        cli::say("damaged: " + file);
    }
    for (const std::string& file : counts.refused) {
        cli::say("refused by the broker, kept as " + file);
    }
    if (told_faults_ > kFaultsTold) {
        cli::say(human_count(told_faults_ - kFaultsTold) + " more like these");
    }
    if (!fault.empty()) {
        cli::say("esteira-send: " + fault);
    }
    if (options_.common.json) {
        cli::print_json(nlohmann::json(document));
        return;
    }
    if (options_.common.quiet && code == cli::ExitCode::ok) {
        return;
    }
    std::printf("%s sent, %s failed", human_count(counts.sent).c_str(),
                human_count(counts.failed + refused_lines_).c_str());
    if (waiting > 0) {
        std::printf(
            ", %s %s", human_count(waiting).c_str(),
            spooled ? ("kept in " + options_.sender.spool.string()).c_str() : "without an answer");
        if (!options_.flush) {
            std::printf(" (all up to line %s)", std::to_string(last_line_).c_str());
        }
    }
    std::printf("\n");
}

}  // namespace esteira::send_file

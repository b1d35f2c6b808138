#include "producers/clicks/sending.hpp"

#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "common/base/text.hpp"
#include "common/cli/format.hpp"

namespace esteira::clicks {

using cli::ExitCode;
using Clock = std::chrono::steady_clock;

namespace {

// A request stays well below what it may have, with what surrounds the bodies.
constexpr std::size_t kRequestBytes = 4 << 20;
// At a pace, what is due within so long goes together.
constexpr std::chrono::milliseconds kTogether{500};
constexpr std::chrono::milliseconds kIdle{50};
constexpr std::chrono::seconds kSaveEvery{1};
constexpr std::uint64_t kFaultsTold = 20;

// Thrown to leave the reading; what is on its way is still waited for.
struct Enough {};

std::chrono::sys_time<std::chrono::milliseconds> now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

Pace::Instant Pace::due(std::chrono::sys_seconds event, Instant now) {
    if (!began_) {
        began_ = now;
        first_ = event;
    }
    const double seconds = rate_ > 0    ? static_cast<double>(events_) / rate_
                           : speed_ > 0 ? static_cast<double>((event - first_).count()) / speed_
                                        : 0;
    ++events_;
    return *began_ + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(std::max(seconds, 0.0)));
}

Sending::Sending(Options options)
    : options_(std::move(options)),
      progress_("produce clicks", options_.file.empty() ? options_.generate.events : 0, "events",
                cli::Progress::mode_for(options_.run.common)),
      sender_(options_.run.sender, [this](const auto& outcome) { told(outcome); }),
      pace_(options_.speed, options_.rate) {}

void Sending::told(const producers::BatchSender::Outcome& outcome) {
    producers::tell(outcome, options_.run);
    const auto batch = batches_.find(outcome.tag);
    if (batch == batches_.end()) {
        return;
    }
    const bool taken = outcome.result.code == dialogue::Code::ok;
    refused_ = refused_ || !taken;
    for (const std::uint32_t entry : outcome.entries) {
        events_ += taken ? batch->second.entries[entry].events : 0;
        bytes_ += taken ? batch->second.entries[entry].bytes : 0;
    }
    if (acknowledged_ && options_.run.sender.spool.empty()) {
        acknowledged_->answered(outcome.tag, outcome.result.count, taken);
    }
    if ((batch->second.untold -= outcome.entries.size()) == 0) {
        batches_.erase(batch);
    }
    progress_.update(events_);
}

void Sending::save_place(bool at_once) {
    if (!resume_ || !acknowledged_ || acknowledged_->place() == saved_ ||
        (!at_once && Clock::now() - saved_at_ < kSaveEvery)) {
        return;
    }
    resume_->save(acknowledged_->place());
    saved_ = acknowledged_->place();
    saved_at_ = Clock::now();
}

void Sending::check() {
    if (producers::interrupted()) {
        throw producers::Interrupted();
    }
    if (refused_) {
        throw Enough();
    }
}

// While no input comes: what there is goes out, and answers are taken.
void Sending::idle() {
    check();
    flush();
    if (sender_.waiting_batches() > 0) {
        sender_.work_until(Clock::now() + kIdle);
    }
    save_place(false);
}

void Sending::send(const dialogue::Send& send, std::vector<Entry> entries, Place behind) {
    const std::uint64_t tag = next_tag_++;
    const std::size_t count = entries.size();
    batches_[tag] = {std::move(entries), count};
    if (acknowledged_) {
        acknowledged_->sent(tag, count, behind);
    }
    sender_.send(tag, send);
    if (acknowledged_ && !options_.run.sender.spool.empty()) {
        acknowledged_->answered(tag, count, true);  // The spool keeps it.
    }
}

void Sending::send_events(Place behind) {
    std::vector<std::string> bodies;
    std::vector<Entry> entries;
    const auto time = now();
    for (const std::vector<Click>& message : open_.messages) {
        const std::string& body = bodies.emplace_back(click_message(message, time));
        entries.push_back({message.size(), body.size()});
    }
    dialogue::Send request{options_.run.queue, {}};
    for (const std::string& body : bodies) {
        request.entries.emplace_back().body = as_bytes(body);
    }
    send(request, std::move(entries), behind);
}

void Sending::send_bad_rows(Place behind) {
    dialogue::Send request{options_.dead_letters, {}};
    for (const BadRow& row : open_.bad_rows) {
        dialogue::SendEntry& entry = request.entries.emplace_back();
        entry.body = as_bytes(row.raw);
        entry.reason = row.reason;
    }
    send(request, std::vector<Entry>(open_.bad_rows.size()), behind);
}

// Meanwhile answers are taken, and the place is kept.
void Sending::wait_until(Pace::Instant time) {
    for (auto at = Clock::now(); at < time; at = Clock::now()) {
        sender_.work_until(std::min<Pace::Instant>(time, at + kSaveEvery));
        save_place(false);
        check();
    }
}

// The place moves on with the last request of what was read together.
void Sending::flush() {
    if (pace_.any() && !open_.messages.empty()) {
        wait_until(open_.last_due);
    }
    if (!open_.messages.empty()) {
        send_events(open_.bad_rows.empty() ? read_ : sent_);
    }
    if (!open_.bad_rows.empty()) {
        send_bad_rows(read_);
    }
    open_ = {};
    sent_ = read_;
    save_place(false);
    check();
}

void Sending::take(Click click) {
    const Pace::Instant due = pace_.any() ? pace_.due(click.time, Clock::now()) : Clock::now();
    const std::size_t bytes = click.json.size() + kClickFrameBytes;
    const bool message_full = open_.messages.empty() ||
                              open_.messages.back().size() >= options_.items ||
                              open_.message_bytes + bytes > limits::kMessageBytesMax;
    const bool no_room = message_full && open_.messages.size() >= options_.run.batch;
    const bool later = pace_.any() && !open_.messages.empty() && due - open_.first_due > kTogether;
    const bool flushed = no_room || later || open_.bytes + bytes > kRequestBytes;
    if (flushed) {
        flush();
    }
    if (open_.messages.empty()) {
        open_.first_due = due;
    }
    if (message_full || flushed) {
        open_.messages.emplace_back();
        open_.message_bytes = 0;
    }
    open_.last_due = due;
    open_.message_bytes += bytes;
    open_.bytes += bytes;
    open_.messages.back().push_back(std::move(click));
}

void Sending::take_bad(std::uint64_t line, std::string_view raw, const std::string& fault) {
    const std::string reason = "line " + std::to_string(line) + ": " + fault;
    if (++bad_rows_ <= kFaultsTold) {
        cli::say(reason);
    }
    if (open_.bytes + raw.size() > kRequestBytes ||
        open_.bad_rows.size() >= limits::kRequestEntriesMax) {
        flush();
    }
    open_.bytes += raw.size();
    open_.bad_rows.push_back({std::string(raw), as_clean_text(reason, limits::kReasonBytesMax)});
}

void Sending::generate() {
    Generator generator(options_.generate);
    ClickRow row;
    while (generator.next(row)) {
        check();
        auto click = click_of(row);
        ESTEIRA_CHECK(click.has_value());
        take(std::move(click).value());
    }
}

void Sending::replay() {
    Input input(options_.file, [this] { idle(); });
    ClickFile file([&](std::span<char> room) { return input.read(room); });
    if (const std::string fault = file.read_header(); !fault.empty()) {
        throw InputError(options_.file + ": " + fault);
    }
    if (acknowledged_ && acknowledged_->place() != Place{}) {
        const Place place = acknowledged_->place();
        if (!file.skip_to(place.offset, place.lines)) {
            throw InputError(options_.file + ": it ends before the place that --resume tells");
        }
    }
    const auto place = [&] { return Place{file.reader().offset(), file.reader().lines()}; };
    sent_ = read_ = place();
    ClickFile::Row row;
    while (file.next(row)) {
        check();
        if (row.fault.empty()) {
            auto click = click_of(row.values);
            if (click) {
                take(std::move(click).value());
            } else {
                row.fault = click.error();
            }
        }
        if (!row.fault.empty()) {
            take_bad(row.line, row.raw, row.fault);
        }
        read_ = place();
        blank_lines_ = file.reader().blank_lines();
    }
}

void Sending::send_all() {
    try {
        options_.file.empty() ? generate() : replay();
    } catch (const InputError& error) {
        input_fault_ = error.what();  // What was read before it goes.
    }
    flush();
}

void Sending::begin_at_kept_place() {
    const auto input = identify(options_.file);
    if (!input) {
        throw cli::Failure(ExitCode::not_found, input.error());
    }
    resume_.emplace(options_.resume, input.value(), options_.run.queue);
    const auto place = resume_->load();
    if (!place) {
        throw cli::Failure(ExitCode::conflict, place.error());
    }
    saved_ = place.value().value_or(Place{});
    acknowledged_.emplace(saved_);
}

cli::ExitCode Sending::run() {
    if (!options_.resume.empty()) {
        begin_at_kept_place();
    }
    ExitCode ended = producers::conclude(sender_, [this] {
        try {
            send_all();
        } catch (const Enough&) {
        }
    });
    save_place(true);
    progress_.finish();
    if (!input_fault_.empty()) {
        cli::say(input_fault_);
        ended = ended == ExitCode::ok ? ExitCode::error : ended;
    }
    summarize();
    return ended == ExitCode::ok && bad_rows_ > 0 ? ExitCode::data_quality : ended;
}

void Sending::summarize() const {
    if (bad_rows_ > kFaultsTold) {
        cli::say(cli::human_count(bad_rows_ - kFaultsTold) + " more rows like these");
    }
    std::string told = cli::human_count(events_) + " events";
    if (!options_.file.empty()) {
        told += ", " + cli::human_count(bad_rows_) + " bad rows";
        told += bad_rows_ > 0 ? " to " + options_.dead_letters : "";
    }
    producers::summarize(sender_, options_.run,
                         {{"events", events_},
                          {"bad_rows", bad_rows_},
                          {"blank_lines", blank_lines_},
                          {"bytes", bytes_},
                          {"fault", input_fault_}},
                         told);
}

}  // namespace esteira::clicks

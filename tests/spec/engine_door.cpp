#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "broker/journal/local/local_journal.hpp"
#include "broker/server/core.hpp"
#include "common/base/bytes.hpp"
#include "tests/spec/script.hpp"
#include "tests/support/sim_disk.hpp"

namespace esteira::spec {

namespace {

constexpr Now kStart{Time{Millis{3'600'000}}, WallTime{Millis{1'700'000'000'000}}};

class EngineDoor final : public Door {
public:
    EngineDoor() { open(); }

    void at(Millis time) override {
        // What became due on the way happens on the way.
        const Time until = kStart.broker + time;
        while (now_.broker < until) {
            const Time wake = core_->engine().next_wake(now_);
            const Time next = std::clamp(wake, now_.broker + Millis{1}, until);
            now_ = {next, kStart.wall + (next - kStart.broker)};
            turn([] {});
        }
    }

    std::optional<dialogue::Answer> ask(const std::string& session,
                                        const dialogue::Operation& operation) override {
        Session& asker = sessions_[session];
        if (asker.id == Bytes16{}) {
            asker.id[0] = std::byte(sessions_.size());
        }
        asker.last = {asker.id, ++asker.number, operation};
        return ask_last(session);
    }

    std::optional<dialogue::Answer> again(const std::string& session) override {
        return ask_last(session);
    }

    std::optional<dialogue::Answer> answer(const std::string& session) override {
        turn([] {});
        return std::exchange(sessions_[session].answer, std::nullopt);
    }

    void restart() override {
        core_.reset();
        log_.reset();
        disk_.crash_power(7);
        kept_.clear();
        open();
    }

    std::optional<dialogue::Code> topics(const std::vector<std::string>& words) override {
        engine::Engine& engine = core_->engine();
        std::optional<engine::Engine::Done> done;
        turn([&] {
            if (words[0] == "topic") {
                done = engine.create_topic(words[1], {}, now_);
            } else if (words[0] == "untopic") {
                done = engine.remove_topic(words[1], now_);
            } else if (words[0] == "subscribe") {
                done = engine.subscribe(words[1], words[2], words[3], now_);
            } else {
                done = engine.unsubscribe(words[1], words[2], now_);
            }
        });
        return *done ? std::nullopt : std::optional(done->error().code);
    }

    std::string operate(const OperatorLine& line) override {
        std::string told;
        turn([&] { told = spec::operate(line, core_->engine(), now_); });
        return told;
    }

    std::map<std::string, std::uint64_t> totals(const std::string& name) override {
        std::map<std::string, std::uint64_t> all;
        const engine::Queue* topic = core_->engine().find_topic(name);
        const auto& totals =
            (topic == nullptr ? core_->engine().find_queue(name) : topic)->totals();
        for (std::size_t i = 0; i < totals.size(); ++i) {
            all[engine::to_string(static_cast<engine::Total>(i))] = totals[i];
        }
        return all;
    }

private:
    struct Session {
        Bytes16 id{};
        std::uint64_t number = 0;
        std::uint64_t ticket = 0;
        dialogue::Request last;
        std::optional<dialogue::Answer> answer;
    };

    void open() {
        log_ = std::make_unique<journal::LocalJournal>(
            disk_,
            journal::LocalOptions{.segment_bytes = 256 * 1024,
                                  .frame_bytes = 64 * 1024,
                                  .tail_bytes = 256 * 1024,
                                  .random = [this] { return ++epoch_ * 0x9E3779B97F4A7C15; }});
        core_ = std::make_unique<broker::Core>(*log_, 42);
        core_->recover();
        core_->start(now_);
    }

    std::optional<dialogue::Answer> ask_last(const std::string& name) {
        Session& session = sessions_[name];
        session.answer.reset();
        session.ticket = ++ticket_;
        turn([&] { core_->engine().execute(session.ticket, session.last, session.number, now_); });
        return std::exchange(session.answer, std::nullopt);
    }

    template <class Work>
    void turn(Work work) {
        core_->begin_turn(now_);
        work();
        core_->finish_turn([this](std::vector<engine::Answered>& answers) {
            for (engine::Answered& answered : answers) {
                keep(answered);
            }
        });
    }

    // Answers are views of their turn; the script looks at them later.
    void keep(engine::Answered& answered) {
        for (auto& [name, session] : sessions_) {
            if (session.ticket != answered.ticket) {
                continue;
            }
            if (auto* reply = std::get_if<dialogue::ReceiveReply>(&answered.response.answer)) {
                for (dialogue::Delivery& m : reply->messages) {
                    own(m);
                }
            }
            session.answer = answered.response.answer;
        }
    }

    void own(dialogue::Delivery& m) {
        const auto text = [this](std::string_view view) -> std::string_view {
            return kept_.emplace_back(view);
        };
        m.body = as_bytes(text(as_text(m.body)));
        m.origin = text(m.origin);
        m.group = text(m.group);
        m.dedup = text(m.dedup);
        m.source = text(m.source);
        m.reason = text(m.reason);
        m.history = as_bytes(text(as_text(m.history)));
    }

    journal::SimDisk disk_;
    std::uint64_t epoch_ = 0;
    Now now_ = kStart;
    std::unique_ptr<journal::LocalJournal> log_;
    std::unique_ptr<broker::Core> core_;
    std::map<std::string, Session> sessions_;
    std::uint64_t ticket_ = 0;
    std::deque<std::string> kept_;
};

}  // namespace

std::unique_ptr<Door> make_engine_door() { return std::make_unique<EngineDoor>(); }

}  // namespace esteira::spec

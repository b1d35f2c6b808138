#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes.hpp"
#include "tests/simulation/model.hpp"

// What the checker is told in its own tests.
namespace esteira::simulation {

inline constexpr std::uint64_t kBroker = 7;
inline constexpr Slot kQueue = 0;
inline constexpr Slot kOther = 1;
inline constexpr Slot kDead = kFirstDeadLetters;
inline constexpr Slot kOrdered = kFirstFifo;

// A history, told answer by answer.
class History {
public:
    History() {
        Rules rules;
        rules.visibility_seconds = 30;
        rules.retention_seconds = 600;
        rules.max_receives = 2;
        rules.dead_letters = kDead;
        set(kQueue, rules);
        set(kOther, Rules{});
        set(kDead, Rules{});
        Rules fifo;
        fifo.fifo = true;
        set(kOrdered, fifo);
        session_ = model.new_session();
        model.session_seen(session_, now.broker);
    }

    void set(Slot slot, const Rules& rules) {
        model.queue_perhaps_set(slot, rules);
        auto attributes = rules.attributes();
        if (rules.fifo) {
            attributes.emplace_back("DeduplicationScopeInForce",
                                    rules.by_group ? "messageGroup" : "queue");
        }
        model.queue_seen(slot, &attributes);
    }
    void pass(std::int64_t seconds) {
        now.broker += std::chrono::seconds(seconds);
        now.wall += std::chrono::seconds(seconds);
        model.session_seen(session_, now.broker);
        model.turn_decided(now, ~0U);
    }
    MessageId ask(Slot slot = kQueue) {
        Model::Message message;
        message.bytes = 40;
        return model.ask_to_send(slot, message, now);
    }
    MessageId send(std::uint64_t number) {
        const MessageId id = ask();
        model.sent(id, number);
        return id;
    }

    MessageId ask_in_group(const std::string& dedup, const std::string& group = "g") {
        Model::Message message;
        message.bytes = 40;
        message.group = group;
        message.dedup = dedup;
        return model.ask_to_send(kOrdered, message, now);
    }
    Model::Came answer_send(MessageId id, std::uint64_t number) {
        return model.answered_send(id, number, now.broker, now.broker);
    }
    MessageId send_in_group(std::uint64_t number, const std::string& group = "g") {
        const MessageId id = ask_in_group("id-" + std::to_string(number), group);
        answer_send(id, number);
        return id;
    }
    Judgement receive_in_order(MessageId id, std::uint64_t number, std::uint32_t receives = 1) {
        return tell(delivery(id, receives), number, kOrdered);
    }

    // A delivery as the broker ought to tell it; tests change what they want to.
    dialogue::Delivery delivery(MessageId id, std::uint32_t receives = 1) {
        auto& body = bodies_.emplace_back(model.message(id).bytes);
        fill_body(id, body);
        dialogue::Delivery delivery;
        delivery.number = MessageNumber{model.message(id).number};
        delivery.receives = receives;
        delivery.sent_at = model.message(id).oldest;
        delivery.first_received_at = model.message(id).first_received.value_or(now.wall);
        delivery.body = body;
        delivery.group = model.message(id).group;
        delivery.dedup = model.message(id).dedup;
        delivery.sequence = delivery.dedup.empty() ? 0 : delivery.number.value;
        delivery.history = story(receives - 1);
        return delivery;
    }
    // So many attempts ended before; the last one by a burial where that is said.
    HistoryBlock story(std::uint32_t attempts, BuriedBy buried = BuriedBy::nobody) {
        esteira::History told;
        told.total = attempts;
        told.buried_by = buried;
        told.buried_at = buried == BuriedBy::nobody ? WallTime{} : now.wall;
        return as_bytes(stories_.emplace_back(pack_history(told)));
    }
    Model::Asking asking(Slot slot = kQueue, bool repeated = false) const {
        Model::Asking asking;
        asking.slot = slot;
        asking.session = session_;
        asking.first_asked = now.broker;
        asking.repeated = repeated;
        return asking;
    }
    Judgement tell(const dialogue::Delivery& delivery, std::uint64_t number,
                   const Model::Asking& asking) {
        const dialogue::Receipt receipt{{}, DeliveryNumber{number}, 1, {}};
        auto ids = model.received(asking, {receipt, {delivery}}, now);
        return {asking.slot, receipt, std::move(ids), 0, 1, dialogue::Verdict::done, {}, {}, {}};
    }
    Judgement tell(const dialogue::Delivery& delivery, std::uint64_t number, Slot slot = kQueue,
                   bool repeated = false) {
        return tell(delivery, number, asking(slot, repeated));
    }
    Judgement receive(MessageId id, std::uint64_t number, std::uint32_t receives = 1) {
        return tell(delivery(id, receives), number);
    }
    void settle(Judgement judgement, dialogue::Verdict verdict,
                dialogue::Code code = dialogue::Code::ok) {
        judgement.verdict = verdict;
        judgement.reason = "broken";
        model.settled(judgement, code, now);
        model.turn_decided(now, 0);
    }

    Counters counters;
    Model model{kBroker, counters};
    Now now{Time(std::chrono::hours(1)), WallTime(Millis(1'700'000'000'000))};

private:
    std::uint32_t session_ = 0;
    std::deque<std::vector<std::byte>> bodies_;
    std::deque<std::string> stories_;
};

}  // namespace esteira::simulation

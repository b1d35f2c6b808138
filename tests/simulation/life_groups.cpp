// What the clients of a simulated broker do with groups and deduplication ids.
#include "tests/simulation/life.hpp"

namespace esteira::simulation {

bool Life::wanted(Slot slot) const {
    if (slot >= kFirstDeadLetters) {
        return parameters_.dead_letters && (!is_fifo(slot) || parameters_.fifo_queues > 0);
    }
    return is_fifo(slot) ? slot - kFirstFifo < parameters_.fifo_queues : slot < parameters_.queues;
}

bool Life::draw_dead_of_fifo() {
    if (parameters_.fifo_queues == 0 || parameters_.queues == 0) {
        return parameters_.fifo_queues > 0;
    }
    return draw_.chance(500);
}

Slot Life::draw_dead_letters(bool fifo) {
    return fifo ? kFifoDeadLetters : draw_.from_to(kFirstDeadLetters, kFifoDeadLetters - 1);
}

Slot Life::draw_slot() {
    if (parameters_.dead_letters && draw_.chance(150)) {
        return draw_dead_letters(draw_dead_of_fifo());
    }
    const Slot slot = draw_.below(parameters_.queues + parameters_.fifo_queues);
    return slot < parameters_.queues ? slot : kFirstFifo + slot - parameters_.queues;
}

void Life::put_in_group(Slot slot, Model::Message& message) {
    if (!is_fifo(slot)) {
        if (draw_.chance(parameters_.tenants)) {
            message.group = "tenant-" + std::to_string(draw_.below(5));
        }
        return;
    }
    constexpr std::uint32_t kWellUsedIds = 12;
    constexpr std::size_t kBodiesKept = 12;
    message.group = "group-" + std::to_string(draw_.below(parameters_.groups));
    message.delay.reset();
    const bool known = draw_.chance(parameters_.known_ids);
    if (!world_.model().queue(slot).rules.content_based || draw_.chance(300)) {
        message.dedup = known ? "id-" + std::to_string(draw_.below(kWellUsedIds))
                              : "new-" + std::to_string(world_.model().message_count());
        return;
    }
    while (bodies_.size() > kBodiesKept) {
        bodies_.pop_front();
    }
    if (known && !bodies_.empty()) {
        const MessageId content = bodies_[draw_.below(bodies_.size())];
        if (world_.model().may_repeat_body(content)) {
            message.content = content;
            message.bytes = world_.model().message(content).bytes;
        }
    }
}

}  // namespace esteira::simulation

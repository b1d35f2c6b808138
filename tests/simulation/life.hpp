#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "tests/simulation/client.hpp"
#include "tests/simulation/world.hpp"

namespace esteira::simulation {

// One life: a broker, its clients and its accidents, all of it from one seed. Throws Violation when
// a promise was broken.
class Life {
public:
    using Trace = std::function<void(const std::string&)>;

    Life(const Parameters& parameters, Counters& counters, Trace trace = {});

    void run();
    std::uint32_t step() const { return step_; }
    // Follows from all that happened; the same for the same seed.
    std::uint64_t fingerprint() const { return fingerprint_; }

private:
    void live_one_step();
    void one_turn();
    void look_at_queues();
    void drain();
    void resume_all();
    void command();
    void send(Clients::Session& session, Slot slot);
    void publish(Clients::Session& session);
    void subscribe_all();
    bool is_subscriber(Slot slot) const;
    std::vector<Slot> subscribers() const;
    bool may_publish() const;
    void receive(Clients::Session& session, Slot slot);
    void settle(Clients::Session& session);
    void hello(Clients::Session& session, bool leaving);
    void beat(Clients::Session& session);
    void start_all(Clients::Session& session);
    void repeat(Clients::Session& session);
    void administer();
    void start_move(Slot dead, Slot target);
    void operate();
    Judgement judge(const Holding& holding);
    Rules draw_rules(Slot slot);
    Asked* make_receive(Clients::Session& session, Slot slot);
    Model::Message draw_message();
    MessageId new_message(Slot slot);
    std::uint32_t draw_visibility();
    Bytes16 draw_id();
    Slot draw_slot();
    bool wanted(Slot slot) const;
    bool draw_dead_of_fifo();
    Slot draw_dead_letters(bool fifo);
    void put_in_group(Slot slot, Model::Message& message);
    bool usable(Slot slot) const;
    bool do_turn(const std::function<void()>& decide);
    void say(const std::string& what);

    Parameters parameters_;
    Counters& counters_;
    Trace trace_;
    Draw draw_;
    World world_;
    Clients clients_;
    std::uint32_t step_ = 0;
    std::uint32_t sessions_made_ = 0;
    std::uint32_t attempts_made_ = 0;
    std::uint32_t administered_ = 0;  // Slots, as bits, that this turn makes unsure.
    bool looked_ = false;
    bool subscribed_ = false;
    std::deque<MessageId> bodies_;  // The newest ones that were sent to FIFO queues.
    std::uint64_t fingerprint_ = 0;
};

}  // namespace esteira::simulation

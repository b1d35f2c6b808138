#include "common/postgres/session.hpp"

#include <chrono>
#include <thread>

namespace esteira::postgres {

Session::Session(ConnectionSettings settings)
    : settings_(std::move(settings)), jitter_(std::random_device{}()) {}

Connection& Session::connection() {
    if (connection_ == nullptr || !connection_->healthy()) {
        connection_.reset();
        connection_ = std::make_unique<Connection>(settings_);
    }
    return *connection_;
}

// 10..20 ms, then twice that, and so on: two workers that met do not meet again.
void Session::pause(int tries) {
    const int base_ms = 10 << (tries - 1);
    std::uniform_int_distribution<int> spread(base_ms, 2 * base_ms);
    std::this_thread::sleep_for(Millis(spread(jitter_)));
}

}  // namespace esteira::postgres

#pragma once

#include <chrono>
#include <thread>

namespace esteira::support {

// Waits for what another process does and nobody tells us. False: it has not come in a minute.
template <class Condition>
bool await(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

}  // namespace esteira::support

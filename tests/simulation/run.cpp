#include "tests/simulation/run.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>

#include <unistd.h>

namespace esteira::simulation {

namespace {

thread_local std::uint64_t living_seed = 0;
thread_local const Life* living = nullptr;

// A broken check inside the broker ends the process; the seed must not be lost with it.
void on_abort(int) {
    std::array<char, 96> text{};
    const int size = std::snprintf(text.data(), text.size(), "aborted in seed %llu, step %u\n",
                                   static_cast<unsigned long long>(living_seed),
                                   living == nullptr ? 0U : living->step());
    (void)!::write(STDERR_FILENO, text.data(), static_cast<std::size_t>(size));
    std::signal(SIGABRT, SIG_DFL);
    std::raise(SIGABRT);
}

}  // namespace

Outcome live(const Parameters& parameters, Counters& counters, const Life::Trace& trace) {
    [[maybe_unused]] static const auto installed = std::signal(SIGABRT, on_abort);
    Life life(parameters, counters, trace);
    living_seed = parameters.seed;
    living = &life;
    Outcome outcome;
    const auto failed = [&](const std::string& what) {
        outcome.failure =
            what + "\n  at step " + std::to_string(life.step()) + " of " + to_string(parameters) +
            "\n  replay: ESTEIRA_SEED=" + std::to_string(parameters.seed) + " simulation_test";
    };
    try {
        life.run();
        outcome.fingerprint = life.fingerprint();
    } catch (const Violation& violation) {
        failed(violation.what());
    } catch (const std::exception& error) {
        failed(std::string("unexpected: ") + error.what());
    }
    living = nullptr;
    return outcome;
}

Sweep live_all(const std::vector<std::uint64_t>& seeds, std::uint32_t steps) {
    constexpr std::size_t kFailuresKept = 5;
    constexpr std::size_t kTwiceEvery = 100;
    Sweep sweep;
    std::mutex mutex;
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        Counters counters;
        for (std::size_t i = next++; i < seeds.size(); i = next++) {
            Parameters parameters = Parameters::of_seed(seeds[i]);
            parameters.steps = steps;
            Outcome outcome = live(parameters, counters);
            if (!outcome.failure && i % kTwiceEvery == 0) {
                Counters unused;
                if (live(parameters, unused).fingerprint != outcome.fingerprint) {
                    outcome.failure = "another life from the same seed: " + to_string(parameters);
                }
            }
            const std::lock_guard lock(mutex);
            ++sweep.lived;
            if (outcome.failure) {
                sweep.failures.push_back(*outcome.failure);
                if (sweep.failures.size() >= kFailuresKept) {
                    next = seeds.size();
                }
            }
        }
        const std::lock_guard lock(mutex);
        sweep.counters.add(counters);
    };
    {
        std::vector<std::jthread> threads;
        for (unsigned i = std::max(1U, std::thread::hardware_concurrency()); i > 0; --i) {
            threads.emplace_back(work);
        }
    }
    return sweep;
}

}  // namespace esteira::simulation

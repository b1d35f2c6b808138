#include <cstdlib>
#include <iostream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/mutant.hpp"
#include "tests/simulation/run.hpp"

// The test's own test: with each deliberate bug planted (common/base/mutant.hpp) the simulation has
// to go red, by a broken promise or by a check inside the broker. Only in a build with
// ESTEIRA_MUTANTS.
namespace esteira::simulation {
namespace {

constexpr std::uint64_t kSeedsMost = 3'000;

struct Verdict {
    bool red = false;
    std::uint64_t seeds = 0;  // Lived when it turned out.
    std::string how;
};

// In a process of its own: the bug is chosen once a process, and may end it.
[[noreturn]] void live_with(Mutant planted, int report) {
    ::setenv("ESTEIRA_MUTANT", std::to_string(static_cast<int>(planted)).c_str(), 1);
    ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    Counters counters;
    for (std::uint64_t seed = 1; seed <= kSeedsMost; ++seed) {
        (void)!::write(report, &seed, sizeof seed);
        const Outcome outcome = live(Parameters::of_seed(seed), counters);
        if (outcome.failure) {
            const std::string what = outcome.failure->substr(0, outcome.failure->find('\n'));
            const std::uint64_t none = 0;
            (void)!::write(report, &none, sizeof none);
            (void)!::write(report, what.data(), what.size());
            std::_Exit(1);
        }
        if (planted == Mutant::none && seed == 300) {
            break;
        }
    }
    std::_Exit(0);
}

Verdict try_mutant(Mutant planted) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        live_with(planted, ends[1]);
    }
    ::close(ends[1]);
    Verdict verdict;
    std::uint64_t seed = 0;
    while (::read(ends[0], &seed, sizeof seed) == sizeof seed && seed != 0) {
        verdict.seeds = seed;
    }
    char text[400];
    for (ssize_t got = 0; (got = ::read(ends[0], text, sizeof text)) > 0;) {
        verdict.how.append(text, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        verdict.how = "ended by signal " + std::to_string(WTERMSIG(status));
    }
    verdict.red = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    return verdict;
}

TEST(Mutants, TheProductItselfIsGreen) {
    const Verdict verdict = try_mutant(Mutant::none);
    EXPECT_FALSE(verdict.red) << "seed " << verdict.seeds << ": " << verdict.how;
}

class Mutants : public testing::TestWithParam<int> {};

TEST_P(Mutants, TurnsTheSimulationRed) {
    const Verdict verdict = try_mutant(static_cast<Mutant>(GetParam()));
    std::cout << "mutant " << GetParam() << ": seed " << verdict.seeds << ", " << verdict.how
              << "\n";
    EXPECT_TRUE(verdict.red) << "the mutant lived through " << verdict.seeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(All, Mutants, testing::Range(1, static_cast<int>(Mutant::last_)));

}  // namespace
}  // namespace esteira::simulation

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/simulation/run.hpp"

// Thousands of lives of the broker's core on a disk that fails, each from one seed. The promises
// are stated from the client's side: what was answered stays true.
//
//   ESTEIRA_SEED=7       replays one, with a trace of what happened
//   ESTEIRA_SEEDS=1000   how many (10,000), ESTEIRA_STEPS=20000 how long (400)
//   ESTEIRA_BASE=42      where the fresh seeds begin (else they follow from the commit)
//
// A seed that was red goes into seeds.txt with what mends it.
namespace esteira::simulation {
namespace {

constexpr std::uint64_t kFixedSeeds = 2'000;

std::uint64_t number_in(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// The commit that is checked out; empty outside of a clone.
std::string commit() {
    // A clone may belong to somebody else than who builds it.
    const char* const ask =
        "git -c safe.directory='*' -C '" ESTEIRA_SOURCE_DIR "' rev-parse HEAD 2>/dev/null";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> git(popen(ask, "re"), pclose);
    std::array<char, 64> text{};
    if (!git || std::fgets(text.data(), text.size(), git.get()) == nullptr) {
        return {};
    }
    return std::string(text.data()).substr(0, std::strcspn(text.data(), "\n"));
}

// Every commit lives other lives, so that what is rare is met one day, and the same ones in every
// run. A red one need not be the change's own: ESTEIRA_SEED tells whether it was red before.
std::uint64_t base_of(const std::string& commit) {
    constexpr std::uint64_t kBaseWithoutCommit = 2'000'000;
    constexpr std::size_t kDigits = 10;
    return commit.size() < kDigits ? kBaseWithoutCommit
                                   : std::stoull(commit.substr(0, kDigits), nullptr, 16);
}

std::vector<std::uint64_t> regression_seeds() {
    std::ifstream file(std::string(ESTEIRA_SOURCE_DIR) + "/tests/simulation/seeds.txt");
    std::vector<std::uint64_t> seeds;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && line[0] != '#') {
            seeds.push_back(std::stoull(line));
        }
    }
    return seeds;
}

std::string joined(const std::vector<std::string>& texts) {
    std::ostringstream out;
    for (const std::string& text : texts) {
        out << text << "\n";
    }
    return out.str();
}

std::uint32_t steps() { return static_cast<std::uint32_t>(number_in("ESTEIRA_STEPS", 400)); }

TEST(Simulation, KeepsEveryPromiseInEveryLife) {
    if (std::getenv("ESTEIRA_SEED") != nullptr) {
        GTEST_SKIP() << "one life is asked for";
    }
    const std::uint64_t count = number_in("ESTEIRA_SEEDS", 10'000);
    const std::string head = commit();
    const std::uint64_t first = number_in("ESTEIRA_BASE", base_of(head));
    std::vector<std::uint64_t> seeds = regression_seeds();
    for (std::uint64_t i = 0; i < count; ++i) {
        seeds.push_back(i < kFixedSeeds ? i + 1 : first + i - kFixedSeeds);
    }
    std::cout << "seeds 1 to " << std::min(count, kFixedSeeds) << ", from ESTEIRA_BASE=" << first
              << " on (commit " << (head.empty() ? "unknown" : head) << "), and "
              << seeds.size() - count << " regressions\n";
    const Sweep sweep = live_all(seeds, steps());
    EXPECT_TRUE(sweep.failures.empty()) << joined(sweep.failures);
    std::vector<std::string> never;
    for (std::size_t i = 0; i < kSometimesNames.size(); ++i) {
        std::cout << "  " << kSometimesNames[i] << " " << sweep.counters.of(i) << "\n";
        if (sweep.counters.of(i) == 0) {
            never.emplace_back(kSometimesNames[i]);
        }
    }
    if (count >= kFixedSeeds && sweep.failures.empty()) {
        EXPECT_TRUE(never.empty()) << "never happened in " << sweep.lived << " lives:\n"
                                   << joined(never);
    }
}

TEST(Simulation, ReplaysOneLife) {
    if (std::getenv("ESTEIRA_SEED") == nullptr) {
        GTEST_SKIP() << "ESTEIRA_SEED names the seed";
    }
    Parameters parameters = Parameters::of_seed(number_in("ESTEIRA_SEED", 1));
    parameters.steps = steps();
    Counters counters;
    const Outcome outcome =
        live(parameters, counters, [](const std::string& line) { std::cout << line << "\n"; });
    EXPECT_FALSE(outcome.failure) << outcome.failure.value_or("");
    std::cout << to_string(parameters) << "\nfingerprint " << outcome.fingerprint << "\n";
}

}  // namespace
}  // namespace esteira::simulation

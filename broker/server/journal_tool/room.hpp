#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "broker/engine/engine.hpp"
#include "broker/journal/local/inspect.hpp"
#include "common/cli/app.hpp"

// What the words of esteira-journal share: the folder, and the engine's view of frames.
namespace esteira::journal_tool {

struct Options {
    cli::Common common;
    std::string data;                  // The broker's folder.
    std::optional<std::string> queue;  // dump: a name, or a number.
    std::uint32_t from = 0;            // dump: the first chunk.
    bool bodies = false;
};

cli::ExitCode verify(const Options& options);
cli::ExitCode dump(const Options& options);
cli::ExitCode stats(const Options& options);

// Read-only. Throws Failure (not_found) when there is no journal in the folder.
journal::LogReport inspect(const Options& options,
                           const std::function<void(const journal::InspectedFrame&)>& each = {});

// A log that is only replayed: nothing is ever written or read.
class NoLog final : public engine::Log {
public:
    void begin_group(std::size_t) override {}
    std::size_t group_bytes_max() const override { return 0; }
    Room reserve(std::size_t) override { throw engine::BrokenLog("a replay decides nothing"); }
    std::span<const std::byte> read(Position, std::uint32_t) override { return {}; }
    bool may_grow() const override { return false; }
};

// The state at the start of a chunk comes in parts; the engine wants it whole.
class StateParts {
public:
    // The whole state, when `frame` was its last part.
    std::optional<std::span<const std::byte>> add(const journal::InspectedFrame& frame);

private:
    std::vector<std::byte> bytes_;
};

// "journal/00000003.seg:8192"
std::string place_of(const journal::InspectedFrame& frame);
const char* to_string(journal::Verdict verdict);

}  // namespace esteira::journal_tool

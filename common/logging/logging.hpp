#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/clock.hpp"

// What a daemon tells its operator: one event, one line, one JSON object.
//
//   logging::start({.program = "esteira-broker"});
//   logging::warning("segment_late", {{"chunk", 7}, {"waited_ms", 120}});
//   {"time":"2026-03-01T12:00:00.123Z","level":"warning","program":"esteira-broker",
//    "event":"segment_late","chunk":7,"waited_ms":120}
//
// An event's name is a literal; what differs goes into fields, and never a message's body. Each
// name may stand kLinesPerWindow times in kWindow; what was left out is counted in the next line of
// that name ("suppressed":n). Text is cut at kFieldBytesMax, and no byte of it can end a line.
namespace esteira::logging {

enum class Level { debug, info, warning, error };

// Nothing when the text is none of: debug, info, warning, error.
std::optional<Level> level_named(std::string_view name);

struct Field {
    using Value = std::variant<std::string, std::int64_t, std::uint64_t, double, bool>;

    Field(std::string_view key_in, std::string_view text) : key(key_in), value(std::string(text)) {}
    Field(std::string_view key_in, const char* text) : key(key_in), value(std::string(text)) {}
    Field(std::string_view key_in, bool flag) : key(key_in), value(flag) {}
    template <std::signed_integral Number>
    Field(std::string_view key_in, Number number)
        : key(key_in), value(static_cast<std::int64_t>(number)) {}
    template <std::unsigned_integral Number>
    requires(!std::same_as<Number, bool>) Field(std::string_view key_in, Number number)
        : key(key_in), value(static_cast<std::uint64_t>(number)) {}
    template <std::floating_point Number>
    Field(std::string_view key_in, Number number)
        : key(key_in), value(static_cast<double>(number)) {}

    std::string_view key;
    Value value;
};
using Fields = std::initializer_list<Field>;

inline constexpr std::size_t kFieldBytesMax = 512;
inline constexpr std::uint32_t kLinesPerWindow = 20;
inline constexpr std::chrono::seconds kWindow{10};

struct Settings {
    std::string program;
    Level level = Level::info;
    std::filesystem::path file{};  // Appended to; empty: stderr.
};

// Once, before the threads. Until then events go to stderr under the name "esteira". Throws
// spdlog::spdlog_ex when the file cannot be opened.
void start(const Settings& settings);

// From any thread.
void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warning(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});
// What an operator did: as info, but whatever the level and however often. For doors that only
// operators can open; a stranger must not be able to fill the disk with it.
void audit(std::string_view event, Fields fields);

// The line without its end. For tests, and for what is no log but wants the same form.
struct Event {
    Level level = Level::info;
    std::string_view program;
    std::string_view name;
    std::uint64_t suppressed = 0;  // Lines of this name that were left out before this one.
};
std::string line_of(WallTime time, const Event& event, Fields fields);

// How often one name may be written. Not for several threads.
class RateLimit {
public:
    using Instant = std::chrono::steady_clock::time_point;

    // The number of lines left out since the last one that was written, or nothing when this one is
    // to be left out as well.
    std::optional<std::uint64_t> admit(std::string_view event, Instant now);

private:
    struct Window {
        Instant start;
        std::uint32_t lines = 0;
        std::uint64_t suppressed = 0;
    };
    std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace esteira::logging

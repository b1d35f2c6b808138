#include "common/logging/logging.hpp"

#include <array>
#include <memory>
#include <mutex>

#include <nlohmann/json.hpp>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace esteira::logging {

namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"debug", "info", "warning", "error"};

// At most kFieldBytesMax bytes, not ending inside a character.
std::string_view cut(std::string_view text) {
    if (text.size() <= kFieldBytesMax) {
        return text;
    }
    std::size_t end = kFieldBytesMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
        --end;
    }
    return text.substr(0, end);
}

// JSON escapes the controls below U+0020. Terminals and log readers also act on DEL, on U+0080 to
// U+009F, and on the line ends U+2028 and U+2029.
std::string escape_rest(const std::string& json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        const auto byte = [&](std::size_t at) {
            return at < json.size() ? static_cast<unsigned char>(json[at]) : 0U;
        };
        if (byte(i) == 0x7F) {
            out += "\\u007f";
        } else if (byte(i) == 0xC2 && byte(i + 1) < 0xA0) {
            out += fmt::format("\\u{:04x}", byte(++i));
        } else if (byte(i) == 0xE2 && byte(i + 1) == 0x80 && (byte(i + 2) & 0xFE) == 0xA8) {
            out += byte(i + 2) == 0xA8 ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            out += json[i];
        }
    }
    return out;
}

std::string iso(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
    const std::chrono::hh_mm_ss clock{seconds - std::chrono::floor<std::chrono::days>(time)};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       (time - seconds).count());
}

// What start() sets up. A daemon has one log, so this is one of the few things that are global.
class Log {
public:
    Log() { use({.program = "esteira", .level = Level::info}); }

    void use(const Settings& settings) {
        std::unique_ptr<spdlog::sinks::sink> sink;
        if (settings.file.empty()) {
            sink = std::make_unique<spdlog::sinks::stderr_sink_st>();
        } else {
            sink = std::make_unique<spdlog::sinks::basic_file_sink_st>(settings.file.string());
        }
        sink->set_pattern("%v");
        const std::lock_guard lock{mutex_};
        program_ = settings.program;
        level_ = settings.level;
        sink_ = std::move(sink);
    }

    void write(Level level, std::string_view event, Fields fields) {
        const std::lock_guard lock{mutex_};
        if (level < level_) {
            return;
        }
        const auto suppressed = limit_.admit(event, std::chrono::steady_clock::now());
        if (!suppressed) {
            return;
        }
        put(level, event, *suppressed, fields);
    }

    void write_always(Level level, std::string_view event, Fields fields) {
        const std::lock_guard lock{mutex_};
        put(level, event, 0, fields);
    }

private:
    void put(Level level, std::string_view event, std::uint64_t suppressed, Fields fields) {
        const auto now = std::chrono::floor<Millis>(std::chrono::system_clock::now());
        const std::string line = line_of(now, {level, program_, event, suppressed}, fields);
        sink_->log({{}, "esteira", spdlog::level::info, line});
        sink_->flush();
    }

    std::mutex mutex_;
    std::string program_;
    Level level_ = Level::info;
    std::unique_ptr<spdlog::sinks::sink> sink_;
    RateLimit limit_;
};

Log& the_log() {
    static Log log;
    return log;
}

}  // namespace

std::optional<Level> level_named(std::string_view name) {
    for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
        if (kLevelNames[i] == name) {
            return static_cast<Level>(i);
        }
    }
    return std::nullopt;
}

void start(const Settings& settings) { the_log().use(settings); }

void debug(std::string_view event, Fields fields) { the_log().write(Level::debug, event, fields); }
void info(std::string_view event, Fields fields) { the_log().write(Level::info, event, fields); }
void warning(std::string_view event, Fields fields) {
    the_log().write(Level::warning, event, fields);
}
void error(std::string_view event, Fields fields) { the_log().write(Level::error, event, fields); }
void audit(std::string_view event, Fields fields) {
    the_log().write_always(Level::info, event, fields);
}

std::string line_of(WallTime time, const Event& event, Fields fields) {
    nlohmann::ordered_json line;
    line["time"] = iso(time);
    line["level"] = kLevelNames[static_cast<std::size_t>(event.level)];
    line["program"] = event.program;
    line["event"] = event.name;
    if (event.suppressed > 0) {
        line["suppressed"] = event.suppressed;
    }
    for (const Field& field : fields) {
        std::visit(
            [&](const auto& value) {
                if constexpr (std::same_as<std::decay_t<decltype(value)>, std::string>) {
                    line[std::string{field.key}] = cut(value);
                } else {
                    line[std::string{field.key}] = value;
                }
            },
            field.value);
    }
    return escape_rest(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::optional<std::uint64_t> RateLimit::admit(std::string_view event, Instant now) {
    auto found = windows_.find(event);
    if (found == windows_.end()) {
        found = windows_.emplace(event, Window{now}).first;
    }
    Window& window = found->second;
    if (now - window.start >= kWindow) {
        window.start = now;
        window.lines = 0;
    }
    if (window.lines == kLinesPerWindow) {
        ++window.suppressed;
        return std::nullopt;
    }
    ++window.lines;
    return std::exchange(window.suppressed, 0);
}

}  // namespace esteira::logging

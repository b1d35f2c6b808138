#include "bench/support/load.hpp"

#include <cstring>

#include <CLI/CLI.hpp>
#include <time.h>

namespace esteira::bench {

Nanos monotonic_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return Nanos{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void add_load_options(CLI::App& app, Load& load) {
    app.add_option("--mode", load.mode, "both: producer and consumer at once; latency: at --rate")
        ->check(CLI::IsMember({"both", "latency"}))
        ->capture_default_str();
    app.add_option("--batch", load.batch, "messages in a send request")->capture_default_str();
    app.add_option("--inflight", load.inflight, "send requests without an answer")
        ->capture_default_str();
    app.add_option("--receive", load.receive, "messages asked for in a receive")
        ->capture_default_str();
    app.add_option("--receives", load.receives, "receives outstanding")->capture_default_str();
    app.add_option("--count", load.count, "messages of the run")->capture_default_str();
    app.add_option("--rate", load.rate, "messages a second, 0: as fast as it goes (latency: 2000)");
    app.add_option("--body", load.body, "bytes of a body")->capture_default_str();
    app.add_option("--patience", load.patience_s, "seconds without progress before giving up")
        ->capture_default_str();
    app.add_flag("--json", load.json, "print one JSON line");
}

void check_load(Load& load) {
    const auto refuse = [](const char* why) { throw CLI::ValidationError("load", why); };
    if (load.mode == "latency" && load.rate == 0) {
        load.rate = 2'000;
    }
    if (load.batch == 0 || load.inflight == 0 || load.receive == 0 || load.receives == 0) {
        refuse("--batch, --inflight, --receive and --receives are at least 1");
    }
    if (load.count == 0 || load.count % load.batch != 0) {
        refuse("--count is a multiple of --batch, and not 0");
    }
    if (load.body < kStampBytes) {
        refuse("--body is at least 16: the stamp is in it");
    }
}

void write_stamp(char* body, Stamp stamp) { std::memcpy(body, &stamp, kStampBytes); }

Stamp read_stamp(const char* body) {
    Stamp stamp{};
    std::memcpy(&stamp, body, kStampBytes);
    return stamp;
}

std::string make_body(const Load& load) {
    static constexpr char kText[] =
        R"({"produto_id":"PRD-004217","loja_id":"LJ-017","quantidade":42,"reservado":3,)"
        R"("atualizado_em":"2026-01-15T10:20:30.123456","origem":"pdv","deposito":"D-2"},)";
    static_assert(sizeof(Stamp) == kStampBytes);
    std::string body(load.body, ' ');
    for (std::size_t i = kStampBytes; i < body.size(); ++i) {
        body[i] = kText[(i - kStampBytes) % (sizeof kText - 1)];
    }
    return body;
}

Timetable::Timetable(const Load& load, Nanos start)
    : start_(start), interval_(load.rate == 0 ? 0.0 : 1e9 * load.batch / load.rate) {}

Nanos Timetable::due(std::uint64_t index) const {
    return start_ + static_cast<Nanos>(interval_ * static_cast<double>(index));
}

}  // namespace esteira::bench

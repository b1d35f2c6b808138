#include "common/postgres/connect.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <libpq-fe.h>
#include <poll.h>

namespace esteira::postgres {
namespace {

constexpr std::int64_t kDiagnosisMaxMs = 5'000;

using Handle = std::unique_ptr<PGconn, decltype(&PQfinish)>;

// What stands before "dbname" gives way to the URL, what stands after it does not. A peer that
// vanished is noticed within about 10 s.
struct Keywords {
    std::array<const char*, 10> names = {"connect_timeout",           "keepalives",
                                         "keepalives_idle",           "keepalives_interval",
                                         "keepalives_count",          "tcp_user_timeout",
                                         "fallback_application_name", "dbname",
                                         "client_encoding",           nullptr};
    std::array<const char*, 10> values;

    explicit Keywords(const ConnectionSettings& settings)
        : values{"5",
                 "1",
                 "5",
                 "2",
                 "3",
                 "10000",
                 settings.application_name.c_str(),
                 settings.url.c_str(),
                 "UTF8",
                 nullptr} {}
};

bool well_formed(const std::string& url) {
    if (url.find('=') == std::string::npos && url.find("://") == std::string::npos) {
        return false;
    }
    char* message = nullptr;
    PQconninfoOption* options = PQconninfoParse(url.c_str(), &message);
    const bool parsed = options != nullptr;
    PQconninfoFree(options);
    PQfreemem(message);
    return parsed;
}

// The five characters in "FATAL:  28P01: password authentication failed".
std::string sqlstate_in(const std::string& message) {
    const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    for (std::size_t at = message.find(":  "); at != std::string::npos;
         at = message.find(":  ", at + 1)) {
        const std::string code = message.substr(at + 3, 5);
        const bool ends = message.size() > at + 8 && message[at + 8] == ':';
        if (ends && std::all_of(code.begin(), code.end(), is_code)) {
            return code;
        }
    }
    return {};
}

// libpq tells why a server refused a connection in words of the server's language only, unless it
// was asked for the verbose form before; PQconnectdbParams, which alone gives each of several hosts
// its own time, leaves no moment to ask. So a refused connection is tried once more, for its code.
std::string refusal_code(const Keywords& keywords) {
    const Handle handle(PQconnectStartParams(keywords.names.data(), keywords.values.data(), 1),
                        &PQfinish);
    if (!handle || PQstatus(handle.get()) == CONNECTION_BAD) {
        return {};
    }
    PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE);
    const std::int64_t until = steady_ms() + kDiagnosisMaxMs;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        const std::int64_t left = until - steady_ms();
        if (left <= 0) {
            return {};
        }
        const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        pollfd socket{PQsocket(handle.get()), events, 0};
        if (poll(&socket, 1, static_cast<int>(left)) > 0) {
            state = PQconnectPoll(handle.get());
        }
    }
    return state == PGRES_POLLING_FAILED ? sqlstate_in(PQerrorMessage(handle.get()))
                                         : std::string();
}

}  // namespace

pg_conn* connect(const ConnectionSettings& settings) {
    // libpq's own words about a malformed URL could quote the password in it.
    if (!well_formed(settings.url)) {
        throw Error("the PostgreSQL URL is malformed", ErrorClass::configuration);
    }
    const Keywords keywords(settings);
    Handle handle(PQconnectdbParams(keywords.names.data(), keywords.values.data(), 1), &PQfinish);
    if (!handle) {
        throw Error("PostgreSQL: out of memory", ErrorClass::infrastructure);
    }
    if (PQstatus(handle.get()) != CONNECTION_OK) {
        std::string message = PQerrorMessage(handle.get());
        while (!message.empty() && message.back() == '\n') {
            message.pop_back();
        }
        throw Error("PostgreSQL: " + message, refusal_code(keywords));
    }
    return handle.release();
}

}  // namespace esteira::postgres

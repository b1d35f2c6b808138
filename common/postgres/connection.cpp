#include "common/postgres/connection.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

#include <libpq-fe.h>
#include <poll.h>

#include "common/base/check.hpp"
#include "common/postgres/connect.hpp"

namespace esteira::postgres {
namespace {

constexpr int kTextResults = 0;

struct Parameters {
    std::vector<Oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;

    explicit Parameters(std::span<const Parameter> parameters) {
        for (const Parameter& parameter : parameters) {
            types.push_back(parameter.type);
            values.push_back(parameter.null ? nullptr : parameter.bytes.data());
            lengths.push_back(static_cast<int>(parameter.bytes.size()));
            formats.push_back(1);
        }
    }
    int count() const { return static_cast<int>(types.size()); }
};

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string() : text;
}

std::string trimmed(std::string message) {
    while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) {
        message.pop_back();
    }
    return message;
}

Error error_of(const PGresult* result) {
    std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    if (message.empty()) {
        message = trimmed(PQresultErrorMessage(result));
    }
    std::string column = field(result, PG_DIAG_COLUMN_NAME);
    if (column.empty()) {
        column = field(result, PG_DIAG_CONSTRAINT_NAME);
    }
    return Error(message, field(result, PG_DIAG_SQLSTATE), std::move(column));
}

bool is_error(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY;
}

}  // namespace

Rows::Rows(pg_result* result) : result_(result) {}
void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }

int Rows::count() const { return PQntuples(result_.get()); }

std::string_view Rows::tag() const { return PQcmdStatus(result_.get()); }

std::int64_t Rows::affected() const {
    const std::string_view digits = PQcmdTuples(result_.get());
    std::int64_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
}

bool Rows::is_null(int row, int column) const {
    ESTEIRA_CHECK(row < count() && column < PQnfields(result_.get()));
    return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
    if (is_null(row, column)) {
        return {};
    }
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Rows::integer(int row, int column) const {
    const std::string_view digits = text(row, column);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    ESTEIRA_CHECK(error == std::errc{} && end == digits.data() + digits.size());
    return number;
}

void Connection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

Connection::Connection(ConnectionSettings settings)
    : settings_(std::move(settings)), handle_(connect(settings_)) {
    PQsetnonblocking(handle_.get(), 1);
    // Notices are for people at a terminal; libpq would print them on standard error.
    PQsetNoticeReceiver(
        handle_.get(), [](void*, const PGresult*) {}, nullptr);
}

bool Connection::healthy() const { return !broken_ && PQstatus(handle_.get()) == CONNECTION_OK; }

void Connection::lost(const std::string& what) {
    broken_ = true;
    throw Error("PostgreSQL: " + what, ErrorClass::infrastructure);
}

void Connection::wait(bool for_room, std::int64_t until_ms) {
    const std::int64_t left = until_ms - steady_ms();
    if (left <= 0) {
        lost("no answer within " + std::to_string(settings_.answer_max.count()) + " ms");
    }
    const short events = for_room ? POLLIN | POLLOUT : POLLIN;
    pollfd socket{PQsocket(handle_.get()), events, 0};
    const int ready = poll(&socket, 1, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) {
        lost("poll failed");
    }
    if (ready > 0 && (socket.revents & ~POLLOUT) != 0 && PQconsumeInput(handle_.get()) == 0) {
        lost(trimmed(PQerrorMessage(handle_.get())));
    }
}

void Connection::flush(std::int64_t until_ms) {
    for (;;) {
        const int state = PQflush(handle_.get());
        if (state == 0) {
            return;
        }
        if (state < 0) {
            lost(trimmed(PQerrorMessage(handle_.get())));
        }
        wait(true, until_ms);
    }
}

// Takes all results of what was sent; the last one is the answer, the first error is thrown.
Rows Connection::await() {
    const std::int64_t until_ms = steady_ms() + settings_.answer_max.count();
    flush(until_ms);
    std::optional<Rows> answer;
    std::optional<Error> refused;
    for (;;) {
        while (PQisBusy(handle_.get()) != 0) {
            wait(false, until_ms);
        }
        PGresult* result = PQgetResult(handle_.get());
        if (result == nullptr) {
            break;
        }
        Rows rows(result);
        if (is_error(result) && !refused) {
            refused = error_of(result);
        }
        answer = std::move(rows);
    }
    if (refused && refused->sqlstate().empty()) {
        lost(refused->what());
    }
    if (refused) {
        throw Error(*refused);
    }
    if (!answer) {
        lost("the connection was closed");
    }
    return std::move(*answer);
}

Rows Connection::execute(const char* sql, std::span<const Parameter> parameters) {
    const Parameters sent(parameters);
    if (PQsendQueryParams(handle_.get(), sql, sent.count(), sent.types.data(), sent.values.data(),
                          sent.lengths.data(), sent.formats.data(), kTextResults) == 0) {
        lost(trimmed(PQerrorMessage(handle_.get())));
    }
    return await();
}

Rows Connection::execute(const Statement& statement, std::span<const Parameter> parameters) {
    const Parameters sent(parameters);
    if (!prepared_.contains(statement.name)) {
        if (PQsendPrepare(handle_.get(), statement.name, statement.sql, sent.count(),
                          sent.types.data()) == 0) {
            lost(trimmed(PQerrorMessage(handle_.get())));
        }
        await();
        prepared_.insert(statement.name);
    }
    if (PQsendQueryPrepared(handle_.get(), statement.name, sent.count(), sent.values.data(),
                            sent.lengths.data(), sent.formats.data(), kTextResults) == 0) {
        lost(trimmed(PQerrorMessage(handle_.get())));
    }
    return await();
}

std::int64_t Connection::copy_out(const char* sql,
                                  const std::function<void(std::string_view)>& take) {
    if (PQsendQuery(handle_.get(), sql) == 0) {
        lost(trimmed(PQerrorMessage(handle_.get())));
    }
    const auto until = [this] { return steady_ms() + settings_.answer_max.count(); };
    const std::int64_t first_ms = until();
    flush(first_ms);
    while (PQisBusy(handle_.get()) != 0) {
        wait(false, first_ms);
    }
    PGresult* const first = PQgetResult(handle_.get());
    const Rows begun(first);
    if (PQresultStatus(first) != PGRES_COPY_OUT) {
        const Error refused =
            is_error(first) ? error_of(first) : Error("not a COPY ... TO STDOUT", "42601");
        while (PGresult* const more = PQgetResult(handle_.get())) {
            PQclear(more);
        }
        throw Error(refused);
    }
    broken_ = true;  // Until it has come to its end.
    std::int64_t rows = 0;
    for (std::int64_t until_ms = until();;) {
        char* data = nullptr;
        const int size = PQgetCopyData(handle_.get(), &data, 1);
        if (size == 0) {
            wait(false, until_ms);
            continue;
        }
        if (size < 0) {
            break;
        }
        const std::unique_ptr<char, decltype(&PQfreemem)> owner(data, &PQfreemem);
        take({data, static_cast<std::size_t>(size)});
        ++rows;
        until_ms = until();
    }
    broken_ = false;
    await();
    return rows;
}

void Connection::run_script(const std::string& sql) {
    if (PQsendQuery(handle_.get(), sql.c_str()) == 0) {
        lost(trimmed(PQerrorMessage(handle_.get())));
    }
    await();
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
    connection_.execute("BEGIN");
}

Transaction::~Transaction() {
    if (!open_ || !connection_.healthy()) {
        return;
    }
    try {
        connection_.execute("ROLLBACK");
    } catch (const Error&) {
        // The connection is lost, and with it the transaction.
    }
}

void Transaction::commit() {
    open_ = false;
    const Rows answer = connection_.execute("COMMIT");
    // A transaction in which a statement failed answers a COMMIT with ROLLBACK, and no error.
    if (answer.tag() != "COMMIT") {
        throw Error("the transaction was rolled back", "25P02");
    }
}

}  // namespace esteira::postgres

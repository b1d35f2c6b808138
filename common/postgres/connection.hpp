#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "common/base/clock.hpp"
#include "common/postgres/error.hpp"
#include "common/postgres/parameter.hpp"

struct pg_conn;
struct pg_result;

// A thin hand on libpq: one connection, used by one thread. Every call either returns what was
// asked for or throws Error; a server that hangs counts as one that is away, because each call has
// a deadline here, on the client's side.
namespace esteira::postgres {

struct ConnectionSettings {
    std::string url;  // "postgresql://..." or "host=... dbname=..."; what it sets wins.
    std::string application_name = "esteira";
    // For one statement; above the statement_timeout of the roles, so that a server that is merely
    // slow answers itself.
    Millis answer_max{20'000};
};

// The answer to one statement. Columns count from 0; asking for one that is not there is a bug.
class Rows {
public:
    explicit Rows(pg_result* result);

    int count() const;
    std::int64_t affected() const;  // Rows that an INSERT, UPDATE or DELETE has written.
    std::string_view tag() const;   // The command that was done: "COMMIT".
    bool is_null(int row, int column) const;
    std::string_view text(int row, int column) const;  // Empty for NULL; holds as long as Rows.
    std::int64_t integer(int row, int column) const;

private:
    struct Clear {
        void operator()(pg_result* result) const;
    };
    std::unique_ptr<pg_result, Clear> result_;
};

// SQL that is run often: parsed and planned once per connection. Both are constants of the program.
struct Statement {
    const char* name;
    const char* sql;
};

class Connection {
public:
    // Connects, waiting at most 5 s for each host. Throws Error: configuration when the URL is
    // malformed or the server refuses the user or knows no such database, else infrastructure.
    explicit Connection(ConnectionSettings settings);

    Rows execute(const char* sql, std::span<const Parameter> parameters = {});
    Rows execute(const Statement& statement, std::span<const Parameter> parameters);
    // Several statements in one text, as one transaction unless they say otherwise. For texts of
    // the project's own files only: nothing from outside may ever stand in it.
    void run_script(const std::string& sql);

    // `sql` is a COPY ... TO STDOUT. Gives its data to `take` as they come, a row at a time, and
    // returns how many there were. The deadline is that of a piece. What `take` throws goes through
    // and leaves the connection of no use.
    std::int64_t copy_out(const char* sql, const std::function<void(std::string_view)>& take);

    // False after the connection was lost or a deadline has passed: only a new one helps then.
    bool healthy() const;

private:
    struct Finish {
        void operator()(pg_conn* connection) const;
    };
    using Handle = std::unique_ptr<pg_conn, Finish>;

    Rows await();
    void wait(bool for_room, std::int64_t until_ms);
    void flush(std::int64_t until_ms);
    [[noreturn]] void lost(const std::string& what);

    ConnectionSettings settings_;
    Handle handle_;
    bool broken_ = false;
    std::set<std::string, std::less<>> prepared_;
};

// Rolled back unless commit() has returned. An Error of commit() without a SQLSTATE leaves open
// whether it was committed: the effect must be one that may be repeated.
class Transaction {
public:
    explicit Transaction(Connection& connection);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit();

private:
    Connection& connection_;
    bool open_ = true;
};

}  // namespace esteira::postgres

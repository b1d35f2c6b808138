#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/postgres/connection.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/private_postgres.hpp"

// One line of the farm as it is run: broker, PostgreSQL, workers of one type, each a process that
// may be killed. The target that links it builds the worker's program.
namespace esteira::support {

struct Line {
    std::string worker;  // "upsert-stock"
    std::string queue;   // "stock"
    std::string role;    // "esteira_worker_stock"
};

class LineFarm {
public:
    // A broker with the queue as `esteira` makes it, but with short pauses between retries; a
    // database with the schema.
    explicit LineFarm(Line line);

    BrokerProcess& broker() { return broker_; }
    PrivatePostgres& postgres() { return postgres_; }
    // As the database's superuser.
    postgres::Connection admin() const {
        return postgres::Connection({postgres_.url(), "checker"});
    }
    std::string worker_url() const { return postgres_.url(line_.role); }

    // The worker runs until the farm ends or `kill_worker`. `url`: another way to the database.
    ChildProcess& start_worker(std::vector<std::string> flags = {}, std::string url = {});
    std::size_t workers() const { return workers_.size(); }
    ChildProcess& worker(std::size_t number) { return *workers_[number]; }
    void kill_worker(std::size_t number);
    // What all workers have said, for the message of a test that fails.
    std::string said() const;

    void send(const std::vector<std::string>& bodies);
    // Whether no message is left in the queue, ready, held or delayed.
    bool drained() { return broker_.messages(line_.queue) == 0; }
    std::uint64_t dead() { return broker_.messages("dlq-" + line_.queue); }
    // Takes all dead letters and writes them down, a JSON object a line: body, origin, source,
    // reason.
    void write_dead_letters(const std::string& file);

private:
    Line line_;
    PrivatePostgres postgres_;
    BrokerProcess broker_;
    std::vector<std::unique_ptr<ChildProcess>> workers_;
};

}  // namespace esteira::support

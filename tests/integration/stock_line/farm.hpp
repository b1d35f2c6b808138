#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/postgres/connection.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/private_postgres.hpp"

// The whole stock line as it is run: broker, PostgreSQL, workers, each a process that may be
// killed.
namespace esteira::stock_line {

class Farm {
public:
    // A broker with the queue "stock" as `esteira` makes it, but with short pauses between retries;
    // a database with the schema, and beside it chk.history, into which the database itself writes
    // each change of a row.
    Farm();

    support::BrokerProcess& broker() { return broker_; }
    support::PrivatePostgres& postgres() { return postgres_; }
    // As the database's superuser.
    postgres::Connection admin() const {
        return postgres::Connection({postgres_.url(), "checker"});
    }
    std::string worker_url() const { return postgres_.url("esteira_worker_stock"); }

    // The worker runs until the farm ends or `kill_worker`. `url`: another way to the database.
    support::ChildProcess& start_worker(std::vector<std::string> flags = {}, std::string url = {});
    std::size_t workers() const { return workers_.size(); }
    support::ChildProcess& worker(std::size_t number) { return *workers_[number]; }
    void kill_worker(std::size_t number);
    // What all workers have said, for the message of a test that fails.
    std::string said() const;

    void send(const std::vector<std::string>& bodies);
    // Whether no message is left in the queue, ready, held or delayed.
    bool drained() { return broker_.messages("stock") == 0; }
    std::uint64_t dead() { return broker_.messages("dlq-stock"); }
    std::size_t rows() const;
    // How many positions were written in all: as many as rows, when nothing was written over.
    std::size_t writes() const;

private:
    support::PrivatePostgres postgres_;
    support::BrokerProcess broker_;
    std::vector<std::unique_ptr<support::ChildProcess>> workers_;
};

// An item of a message. `second` is its time, counted from a fixed one.
std::string item_of(int product, int quantity, int second);
// One message a product, from `from` to `to` without it.
std::vector<std::string> one_product_each(int from, int to);

}  // namespace esteira::stock_line

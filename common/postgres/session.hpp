#pragma once

#include <memory>
#include <random>
#include <utility>

#include "common/postgres/connection.hpp"

namespace esteira::postgres {

// A connection that comes about when it is needed, and again after it was lost. One thread.
class Session {
public:
    explicit Session(ConnectionSettings settings);

    // Throws Error when there is none to be had.
    Connection& connection();

    // Calls work(connection) and returns what it returns; calls it again, at most kTransientTries
    // times in all, when it throws an Error of the class transient. So it must be one transaction:
    // a statement, or what stands between the making of a Transaction and its commit().
    template <class Work>
    auto run(const Work& work) {
        for (int tries = 1;; ++tries) {
            try {
                return work(connection());
            } catch (const Error& error) {
                if (error.error_class() != ErrorClass::transient || tries == kTransientTries) {
                    throw;
                }
            }
            pause(tries);
        }
    }

private:
    void pause(int tries);

    ConnectionSettings settings_;
    std::unique_ptr<Connection> connection_;
    std::minstd_rand jitter_;
};

}  // namespace esteira::postgres

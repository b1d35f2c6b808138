#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/await.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/ops_client.hpp"
#include "tests/support/private_postgres.hpp"
#include "tests/support/program.hpp"

namespace esteira::supervisor {

using support::await;
using support::ChildProcess;
using Pids = std::set<pid_t>;

// A broker, a PostgreSQL and a var folder for supervisors, all real. Whatever worker a test leaves
// behind is a failure of that test.
class FarmTest : public testing::Test {
protected:
    static void SetUpTestSuite();
    static void TearDownTestSuite();
    void SetUp() override;
    void TearDown() override;

    // Of the one pool, upsert-stock, with settings on top: "pool_min=2".
    std::unique_ptr<ChildProcess> start(std::vector<std::string> settings);
    std::unique_ptr<ChildProcess> start_in(const std::string& var,
                                           std::vector<std::string> settings,
                                           const std::string& url = {});
    // The pool as the broker shows it.
    nlohmann::json pool();
    // Every worker process that belongs to this test.
    Pids workers(const std::string& var = {}) const;
    // Those that were all there at one moment. workers() looks at one process after the other, so
    // it may have seen one that is gone and the one in its place.
    Pids workers_at_once() const;
    pid_t pid_of(const std::string& name);
    // Until the pool has so many, all known and none on its way.
    bool steady(std::size_t size);
    bool says(const std::string& event) const;
    std::size_t times_said(const std::string& event) const;

    support::Ended ctl(std::vector<std::string> words);
    // Messages of one row each.
    void send(int count);
    static std::size_t rows();

    const std::string& var() const { return var_.path(); }

    static inline std::unique_ptr<support::PrivatePostgres> postgres_;
    test::TempFolder var_;
    support::BrokerProcess broker_;

private:
    int sent_ = 0;
};

}  // namespace esteira::supervisor

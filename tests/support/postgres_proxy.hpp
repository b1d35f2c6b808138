#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/private_postgres.hpp"
#include "tests/support/temp_folder.hpp"

// Stands between clients and a PrivatePostgres, on a Unix socket of its own, and does what networks
// do: it cuts a connection at a chosen word of the dialogue, loses an answer, or stands still.
namespace esteira::support {

class PostgresProxy {
public:
    enum class Lost {
        request,  // The server never hears it.
        answer,   // The server has carried it out, and the client is not told.
    };

    explicit PostgresProxy(const PrivatePostgres& server);
    ~PostgresProxy();
    PostgresProxy(const PostgresProxy&) = delete;
    PostgresProxy& operator=(const PostgresProxy&) = delete;

    std::string url(const std::string& user = "postgres") const;

    // Cuts the next connections, `times` of them, at a message of the client that is of this type
    // ('P' Parse, 'B' Bind, 'Q' Query) and holds this text.
    void cut(Lost lost, char type, std::string text, int times = 1);
    int cuts() const;  // That have happened so far, in all.

    // While it is held nothing passes in either direction, and connections stay open.
    void hold(bool held);
    // Bytes that wait for the end of the hold.
    bool holds_something() const;

    std::uint64_t connections() const;  // That were asked for so far, whatever became of them.

private:
    struct Pair;
    struct Rule {
        Lost lost = Lost::request;
        char type = 0;
        std::string text;
        int times = 0;
    };

    void run();
    void accept_one();
    void pass_request(Pair& pair);
    void pass_answer(Pair& pair);
    bool hit(const std::string& message);
    void wake() const;

    std::string upstream_;
    test::TempFolder folder_;
    int listener_ = -1;
    int wake_fd_ = -1;
    std::vector<std::unique_ptr<Pair>> pairs_;  // Of the thread alone.

    mutable std::mutex mutex_;
    std::optional<Rule> rule_;
    int cuts_ = 0;
    bool held_ = false;
    bool holds_something_ = false;
    std::uint64_t connections_ = 0;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace esteira::support

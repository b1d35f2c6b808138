#pragma once

#include <filesystem>
#include <string>

#include <sys/types.h>

// A PostgreSQL of a test's own: a fresh cluster in a temporary folder, reached through a Unix
// socket there and nothing else. Durable as in production (fsync on), so that what workers check at
// their start holds. As root the server runs as the system's user `postgres`, since it refuses
// root. It ends with this object, and also when the test process is killed.
namespace esteira::support {

class PrivatePostgres {
public:
    PrivatePostgres();
    ~PrivatePostgres();
    PrivatePostgres(const PrivatePostgres&) = delete;
    PrivatePostgres& operator=(const PrivatePostgres&) = delete;

    // A connection string; any role may log in without a password.
    std::string url(const std::string& user = "postgres",
                    const std::string& database = "postgres") const;

    void start();              // Returns when it accepts connections.
    void stop();               // Sessions are ended; what was committed stays.
    void kill();               // SIGKILL to all of its processes, as when a machine dies.
    void freeze(bool frozen);  // SIGSTOP or SIGCONT to all of its processes.

    const std::filesystem::path& folder() const { return folder_; }

private:
    std::filesystem::path folder_;
    pid_t server_ = -1;
};

}  // namespace esteira::support

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/client/queue_client.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temp_folder.hpp"

// A real esteira-broker of a test's own, out of the build's bin folder: a fresh journal in a
// temporary folder, reached through a Unix socket there. It ends with this object, and with the
// test. Link the target support_broker, which also builds the program.
namespace esteira::support {

struct BrokerOptions {
    // In front of the program: an absolute path and arguments of what becomes it by exec, so that
    // the pid is the broker's.
    std::vector<std::string> wrapper{};
    std::vector<std::string> settings{};  // "section.key=value", over those of here.
    std::string folder{};                 // Absent: a temporary one.
    bool await = true;                    // Until it answers; else it may fail at its start.
};

class BrokerProcess {
public:
    explicit BrokerProcess(BrokerOptions options = {});

    void start();   // Returns when it answers. Throws with what it said if it does not.
    void launch();  // Only starts it.
    void await_answer();
    int stop();                // SIGTERM; its exit code.
    void kill();               // SIGKILL: a crash. What it answered has to be there after start().
    void freeze(bool frozen);  // SIGSTOP or SIGCONT.

    ChildProcess& process() { return *process_; }
    pid_t pid() const { return process_->pid(); }
    std::vector<std::string> words() const;  // Its command line.
    std::string endpoint() const;
    std::string ops_socket() const { return folder_ + "/ops/ops.sock"; }
    const std::string& folder() const { return folder_; }
    std::string data() const { return folder_ + "/data"; }

    // For a client of this broker, with patience for one minute.
    client::ClientOptions client_options(std::string name = "test") const;

    // A queue and its dead-letter queue "dlq-<name>", as `esteira` makes them. `attributes` come on
    // top. Throws what a refusal says.
    void make_queue(const std::string& name, dialogue::Attributes attributes = {});
    // A queue's settings and counts, read now, all at one moment.
    std::map<std::string, std::string> attributes(const std::string& queue);
    std::string attribute(const std::string& queue, const std::string& name);
    // Messages of a queue that are ready, in flight and delayed, together.
    std::uint64_t messages(const std::string& queue);

private:
    BrokerOptions options_;
    std::optional<test::TempFolder> own_folder_;
    std::string folder_;
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace esteira::support

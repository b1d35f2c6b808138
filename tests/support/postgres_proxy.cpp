#include "tests/support/postgres_proxy.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace esteira::support {

namespace {

constexpr const char* kSocketName = "/.s.PGSQL.5432";

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        throw std::runtime_error("a socket's path is too long: " + path);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

// -1 when nobody listens there.
int connect_to(const std::string& path) {
    const sockaddr_un address = address_of(path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
        return fd;
    }
    close(fd);
    return -1;
}

// False: the other side is gone.
bool put(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

// False: the other side is gone.
bool take(int fd, std::string& into) {
    std::array<char, 65'536> bytes{};
    const ssize_t count = recv(fd, bytes.data(), bytes.size(), 0);
    if (count > 0) {
        into.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return count > 0 || (count < 0 && errno == EINTR);
}

// One whole message of PostgreSQL's protocol: its type (none in the first one of a client), its
// length, itself included, and the rest. Nothing when there is no whole one yet.
std::optional<std::string> next_message(std::string& buffer, bool typed) {
    const std::size_t at = typed ? 1 : 0;
    if (buffer.size() < at + 4) {
        return std::nullopt;
    }
    std::size_t length = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
        length = length << 8 | static_cast<unsigned char>(buffer[i]);
    }
    if (buffer.size() < at + length) {
        return std::nullopt;
    }
    std::string message = buffer.substr(0, at + length);
    buffer.erase(0, at + length);
    return message;
}

}  // namespace

struct PostgresProxy::Pair {
    int client = -1;
    int server = -1;
    std::string requests{};
    std::string answers{};
    bool started = false;     // The client's first message has passed.
    bool answerless = false;  // What the server says from here on is lost.
    bool over = false;

    Pair(int of_client, int of_server) : client(of_client), server(of_server) {}
    ~Pair() {
        close(client);
        close(server);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
};

PostgresProxy::PostgresProxy(const PrivatePostgres& server)
    : upstream_(server.folder().string() + kSocketName),
      listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    const sockaddr_un address = address_of(folder_.path() + kSocketName);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(listener_, 64) != 0) {
        throw std::runtime_error("the proxy cannot listen");
    }
    thread_ = std::thread([this] { run(); });
}

PostgresProxy::~PostgresProxy() {
    {
        const std::scoped_lock lock(mutex_);
        over_ = true;
    }
    wake();
    thread_.join();
    close(listener_);
    close(wake_fd_);
}

std::string PostgresProxy::url(const std::string& user) const {
    return "host=" + folder_.path() + " user=" + user + " dbname=postgres";
}

void PostgresProxy::cut(Lost lost, char type, std::string text, int times) {
    const std::scoped_lock lock(mutex_);
    rule_ = Rule{lost, type, std::move(text), times};
}

int PostgresProxy::cuts() const {
    const std::scoped_lock lock(mutex_);
    return cuts_;
}

void PostgresProxy::hold(bool held) {
    {
        const std::scoped_lock lock(mutex_);
        held_ = held;
    }
    wake();
}

bool PostgresProxy::holds_something() const {
    const std::scoped_lock lock(mutex_);
    return holds_something_;
}

std::uint64_t PostgresProxy::connections() const {
    const std::scoped_lock lock(mutex_);
    return connections_;
}

void PostgresProxy::wake() const { eventfd_write(wake_fd_, 1); }

void PostgresProxy::run() {
    while (true) {
        bool held = false;
        {
            const std::scoped_lock lock(mutex_);
            if (over_) {
                return pairs_.clear();
            }
            held = held_;
        }
        std::vector<pollfd> items{{wake_fd_, POLLIN, 0}, {listener_, POLLIN, 0}};
        for (const auto& pair : pairs_) {
            items.push_back({pair->client, POLLIN, 0});
            items.push_back({pair->server, POLLIN, 0});
        }
        // What is held is seen, and not asked for again and again.
        poll(items.data(), held ? 2 : items.size(), held ? 10 : -1);
        eventfd_t ignored = 0;
        eventfd_read(wake_fd_, &ignored);
        if (held) {
            const bool waits = poll(items.data() + 2, items.size() - 2, 0) > 0;
            const std::scoped_lock lock(mutex_);
            holds_something_ = held_ && waits;
        } else {
            for (std::size_t i = 0; i < pairs_.size(); ++i) {
                if (items[2 + 2 * i].revents != 0) {
                    pass_request(*pairs_[i]);
                }
                if (items[3 + 2 * i].revents != 0) {
                    pass_answer(*pairs_[i]);
                }
            }
            std::erase_if(pairs_, [](const auto& pair) { return pair->over; });
        }
        if (items[1].revents != 0) {
            accept_one();
        }
    }
}

void PostgresProxy::accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
        return;
    }
    {
        const std::scoped_lock lock(mutex_);
        ++connections_;
    }
    const int server = connect_to(upstream_);
    if (server < 0) {
        close(client);
        return;
    }
    pairs_.push_back(std::make_unique<Pair>(client, server));
}

// Whether the rule is for this message; it is then used up by one.
bool PostgresProxy::hit(const std::string& message) {
    if (!rule_ || message[0] != rule_->type || message.find(rule_->text) == std::string::npos) {
        return false;
    }
    if (rule_->lost == Lost::request) {
        ++cuts_;
    }
    return true;
}

void PostgresProxy::pass_request(Pair& pair) {
    pair.over |= !take(pair.client, pair.requests);
    while (auto message = next_message(pair.requests, pair.started)) {
        const std::scoped_lock lock(mutex_);
        if (pair.started && hit(*message)) {
            pair.over |= rule_->lost == Lost::request;
            pair.answerless |= rule_->lost == Lost::answer;
            if (--rule_->times == 0) {
                rule_.reset();
            }
        }
        if (pair.over) {
            return;
        }
        pair.started = true;
        pair.over |= !put(pair.server, *message);
    }
}

void PostgresProxy::pass_answer(Pair& pair) {
    const std::size_t before = pair.answers.size();
    pair.over |= !take(pair.server, pair.answers);
    if (!pair.answerless) {
        pair.over |= !put(pair.client, std::string_view(pair.answers).substr(before));
    }
    while (const auto message = next_message(pair.answers, true)) {
        if (pair.answerless && message->front() == 'Z') {  // It is ready again: all is done.
            const std::scoped_lock lock(mutex_);
            ++cuts_;
            pair.over = true;
        }
    }
}

}  // namespace esteira::support

#include "bench/peers/redis_link.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <sys/time.h>
#include <unistd.h>

namespace esteira::bench {

namespace {

// One read takes a whole receive of 100 messages and more.
constexpr std::size_t kReadBytes = 256 * 1024;

// Where a string stands in the reply of XREADGROUP:
// [ [stream, [ [id, [field, value]], ... ]] ]   id at depth 4, value at depth 5.
constexpr int kIdDepth = 4;
constexpr int kValueDepth = 5;

int depth_of(const redisReadTask* task) {
    int depth = 0;
    for (; task->parent != nullptr; task = task->parent) {
        ++depth;
    }
    return depth;
}

// hiredis asks for one object per value and only tests it for null, so all are this one.
void* picked(const redisReadTask* task) {
    auto* reply = static_cast<RedisReply*>(task->privdata);
    if (task->parent == nullptr) {
        reply->type = task->type;
    }
    return reply;
}

void* pick_string(const redisReadTask* task, char* text, std::size_t size) {
    auto* reply = static_cast<RedisReply*>(task->privdata);
    if (task->type == REDIS_REPLY_ERROR) {
        if (reply->error.empty()) {
            reply->error.assign(text, size);
        }
        return picked(task);
    }
    const int depth = depth_of(task);
    if (depth == kIdDepth && task->idx == 0) {
        append_word(reply->ids, {text, size});
    } else if (depth == kValueDepth && task->idx == 1) {
        reply->values.append(text, size);
        reply->value_sizes.push_back(static_cast<std::uint32_t>(size));
    }
    return picked(task);
}

void* pick_array(const redisReadTask* task, int) { return picked(task); }

void* pick_integer(const redisReadTask* task, long long number) {
    static_cast<RedisReply*>(task->privdata)->number = number;
    return picked(task);
}

void* pick_nil(const redisReadTask* task) { return picked(task); }

void free_nothing(void*) {}

redisReplyObjectFunctions picking = {pick_string, pick_array, pick_integer, pick_nil, free_nothing};

struct FreeReply {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

[[noreturn]] void fail(const char* what) {
    throw std::runtime_error(std::string("redis: ") + what + ": " + std::strerror(errno));
}

}  // namespace

RedisContext connect_redis(const RedisAddress& address, std::uint32_t patience_s) {
    const timeval patience{.tv_sec = static_cast<time_t>(patience_s), .tv_usec = 0};
    RedisContext context(address.socket.empty()
                             ? redisConnectWithTimeout(address.host.c_str(), address.port, patience)
                             : redisConnectUnixWithTimeout(address.socket.c_str(), patience));
    if (!context) {
        throw std::runtime_error("redis: out of memory");
    }
    if (context->err != 0) {
        throw std::runtime_error(std::string("redis: ") + context->errstr);
    }
    if (redisSetTimeout(context.get(), patience) != REDIS_OK) {
        fail("no timeout");
    }
    return context;
}

std::string ask_redis(redisContext* context, const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(
        redisCommandArgv(context, static_cast<int>(texts.size()), texts.data(), sizes.data())));
    if (!reply) {
        throw std::runtime_error(std::string("redis: ") + context->errstr);
    }
    const redisReply* value = reply.get();
    if (value->type == REDIS_REPLY_ARRAY && value->elements > 0) {
        value = value->element[value->elements - 1];
    }
    if (value->type == REDIS_REPLY_INTEGER) {
        return std::to_string(value->integer);
    }
    std::string text(value->str == nullptr ? "" : value->str, value->len);
    if (value->type == REDIS_REPLY_ERROR) {
        throw std::runtime_error("redis: " + text);
    }
    return text;
}

void append_command_head(std::string& out, std::size_t words) {
    out += '*';
    out += std::to_string(words);
    out += "\r\n";
}

void append_word(std::string& out, std::string_view word) {
    out += '$';
    out += std::to_string(word.size());
    out += "\r\n";
    out += word;
    out += "\r\n";
}

void RedisReply::clear() {
    type = 0;
    number = 0;
    error.clear();
    ids.clear();
    values.clear();
    value_sizes.clear();
}

RedisLink::RedisLink(const RedisAddress& address, std::uint32_t patience_s)
    : context_(connect_redis(address, patience_s)), in_(kReadBytes) {
    context_->reader->fn = &picking;
    context_->reader->privdata = reply_.get();
    context_->reader->maxbuf = 0;  // Keep the buffer: giving it back costs a malloc a read.
}

void RedisLink::flush() {
    std::size_t written = 0;
    while (written < out_.size()) {
        const ssize_t n = write(context_->fd, out_.data() + written, out_.size() - written);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            fail("write");
        }
        written += static_cast<std::size_t>(n);
    }
    out_.clear();
}

void RedisLink::read_some() {
    const ssize_t n = read(context_->fd, in_.data(), in_.size());
    if (n == 0) {
        throw std::runtime_error("redis: the server closed the connection");
    }
    if (n < 0) {
        fail("no progress");
    }
    if (redisReaderFeed(context_->reader, in_.data(), static_cast<std::size_t>(n)) != REDIS_OK) {
        throw std::runtime_error(std::string("redis: ") + context_->reader->errstr);
    }
}

const RedisReply* RedisLink::next() {
    if (handed_out_) {
        reply_->clear();
        handed_out_ = false;
    }
    void* whole = nullptr;
    if (redisReaderGetReply(context_->reader, &whole) != REDIS_OK) {
        throw std::runtime_error(std::string("redis: ") + context_->reader->errstr);
    }
    if (whole == nullptr) {
        return nullptr;
    }
    handed_out_ = true;
    if (!reply_->error.empty()) {
        throw std::runtime_error("redis: " + reply_->error);
    }
    return reply_.get();
}

}  // namespace esteira::bench

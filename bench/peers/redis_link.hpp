// A connection to Redis for a benchmark that must not be able to blame its client: requests are
// preformatted text, many requests leave in one write, and replies are picked out of hiredis'
// parser without building a tree of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hiredis/hiredis.h>

namespace esteira::bench {

struct RedisAddress {
    std::string socket;  // A Unix socket's path; if empty, host and port count.
    std::string host = "127.0.0.1";
    int port = 6379;
};

struct FreeRedisContext {
    void operator()(redisContext* context) const { redisFree(context); }
};
using RedisContext = std::unique_ptr<redisContext, FreeRedisContext>;

// Throws std::runtime_error when there is no connection within `patience_s` seconds; a blocking
// read that takes longer fails as well.
RedisContext connect_redis(const RedisAddress& address, std::uint32_t patience_s);

// One command outside the timed part. Returns the text, the number as text, or for an array the
// text of its last element; throws std::runtime_error on an error reply.
std::string ask_redis(redisContext* context, const std::vector<std::string>& words);

// Appends one command in the protocol's form: an array of bulk strings.
void append_command_head(std::string& out, std::size_t words);
void append_word(std::string& out, std::string_view word);

// One whole reply. Of an XREADGROUP it keeps the entries, of everything else only type and number.
struct RedisReply {
    int type = 0;  // REDIS_REPLY_*.
    long long number = 0;
    std::string error;                       // The first error in it, at any depth.
    std::string ids;                         // Entry ids, each already a bulk string.
    std::string values;                      // The entries' values, one after the other.
    std::vector<std::uint32_t> value_sizes;  // As many as entries.

    std::size_t entries() const { return value_sizes.size(); }
    void clear();
};

class RedisLink {
public:
    RedisLink(const RedisAddress& address, std::uint32_t patience_s);

    // Requests are appended here and leave together with flush().
    std::string& out() { return out_; }
    void flush();

    // Reads once what has arrived; waits if that is nothing. Throws when it waits too long.
    void read_some();

    // The next whole reply of what was read, null if there is none; good until the next call.
    // Throws std::runtime_error on an error reply.
    const RedisReply* next();

    int descriptor() const { return context_->fd; }

private:
    RedisContext context_;
    std::string out_;
    std::vector<char> in_;
    std::unique_ptr<RedisReply> reply_ = std::make_unique<RedisReply>();  // hiredis points to it.
    bool handed_out_ = false;
};

}  // namespace esteira::bench

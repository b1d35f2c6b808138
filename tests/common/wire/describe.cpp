#include <sstream>

#include "common/base/bytes.hpp"
#include "tests/common/wire/samples.hpp"

namespace esteira::wire::test {

using namespace dialogue;

namespace {

// Fields as `name=value` lines; bytes that are not letters in hexadecimal.
class Lines {
public:
    Lines& operator()(std::string_view name, std::uint64_t value) {
        out_ << name << "=" << value << "\n";
        return *this;
    }
    Lines& operator()(std::string_view name, Millis value) {
        out_ << name << "=" << value.count() << "ms\n";
        return *this;
    }
    Lines& operator()(std::string_view name, const std::optional<Millis>& value) {
        if (value.has_value()) {
            return (*this)(name, *value);
        }
        return (*this)(name, std::string_view("absent"));
    }
    Lines& operator()(std::string_view name, std::string_view value) {
        out_ << name << "=" << value << "\n";
        return *this;
    }
    Lines& operator()(std::string_view name, std::span<const std::byte> bytes) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        out_ << name << "=";
        for (const std::byte byte : bytes) {
            const auto value = std::to_integer<unsigned>(byte);
            if (value > 0x20 && value < 0x7F && value != '\\') {
                out_ << static_cast<char>(value);
            } else {
                out_ << "\\" << kDigits[value >> 4] << kDigits[value & 15];
            }
        }
        out_ << "\n";
        return *this;
    }
    Lines& operator()(std::string_view name, const Attributes& attributes) {
        for (const auto& [key, value] : attributes) {
            out_ << name << "." << key << "=" << value << "\n";
        }
        return *this;
    }
    Lines& operator()(const Receipt& receipt) {
        return (*this)("receipt.queue", receipt.queue.value)("receipt.first", receipt.first.value)(
            "receipt.count", receipt.count)("receipt.mac", receipt.mac);
    }
    Lines& operator()(const SendEntry& entry) {
        (*this)("body", entry.body)("delay", entry.delay)("attributes", entry.attributes)(
            "origin", entry.origin)("group", entry.group)("dedup", entry.dedup);
        return entry.reason.empty() ? *this : (*this)("reason", entry.reason);
    }
    Lines& operator()(const Receive& receive) {
        (*this)("queue", receive.queue)("count", receive.count)("wait", receive.wait)(
            "visibility", receive.visibility);
        if (receive.min > 1) {
            (*this)("min", receive.min);
        }
        return receive.attempt.empty() ? *this : (*this)("attempt", receive.attempt);
    }
    Lines& operator()(const VerdictEntry& verdict) {
        (*this)(verdict.receipt)("index", verdict.index)("count", verdict.count);
        (*this)("verdict", std::string_view(to_string(verdict.verdict)));
        (*this)("delay", verdict.delay)("reason", verdict.reason);
        for (const auto& [queue, entry] : verdict.sends) {
            (*this)("send_to", queue)(entry);
        }
        return *this;
    }
    Lines& operator()(const std::vector<ResultRun>& runs) {
        for (const ResultRun& run : runs) {
            (*this)("code", std::string_view(to_string(run.code)))("count", run.count)(
                "first", run.first.value)("reason", run.reason);
        }
        return *this;
    }
    Lines& operator()(const Delivery& message) {
        (*this)("number", message.number.value)("receives", message.receives);
        (*this)("sent_at", message.sent_at.time_since_epoch());
        (*this)("first_received_at", message.first_received_at.time_since_epoch());
        (*this)("body", message.body)("attributes", message.attributes)("origin", message.origin);
        (*this)("group", message.group)("dedup", message.dedup)("source", message.source);
        (*this)("reason", message.reason)("crashes", message.crashes);
        if (message.sequence != 0) {
            (*this)("sequence", message.sequence);
        }
        return message.history.empty() ? *this : (*this)("history", message.history);
    }
    std::string text() const { return out_.str(); }

private:
    std::ostringstream out_;
};

struct DescribeOperation {
    Lines& out;
    void operator()(const Send& send) const {
        out("send", send.queue);
        for (const SendEntry& entry : send.entries) {
            out(entry);
        }
    }
    void operator()(const Receive& receive) const { out("receive", receive.queue)(receive); }
    void operator()(const Settle& settle) const {
        out("settle", settle.verdicts.size());
        for (const VerdictEntry& verdict : settle.verdicts) {
            out(verdict);
        }
        if (settle.next.has_value()) {
            out("next", settle.next->first)(settle.next->second);
        }
    }
    void operator()(const Hello& hello) const {
        out("hello", hello.name)("pool", hello.pool)("host", hello.host)("pid", hello.pid);
        out("leaving", static_cast<std::uint64_t>(hello.leaving));
    }
    void operator()(const Beat& beat) const {
        out("beat", beat.started.size());
        for (const Beat::Started& started : beat.started) {
            out(started.receipt)("index", started.index)("count", started.count);
        }
    }
    void operator()(const CreateQueue& create) const {
        out("create_queue", create.name)("attribute", create.attributes)("tag", create.tags);
    }
    void operator()(const SetQueue& set) const {
        out("set_queue", set.name)("attribute", set.attributes)("tag", set.tags);
        for (const std::string& key : set.tags_removed) {
            out("untag", key);
        }
    }
    void operator()(const GetQueue& get) const { out("get_queue", get.name); }
    void operator()(const ListQueues& list) const {
        out("list_queues", list.prefix)("after", list.after)("count", list.count);
    }
    void operator()(const DeleteQueue& del) const { out("delete_queue", del.name); }
    void operator()(const PurgeQueue& purge) const { out("purge_queue", purge.name); }
};

struct DescribeAnswer {
    Lines& out;
    void operator()(const Refused& refused) const {
        out("refused", std::string_view(to_string(refused.code)))("reason", refused.reason);
    }
    void operator()(const SendReply& reply) const {
        out("send", reply.results.size())(reply.results);
    }
    void operator()(const ReceiveReply& reply) const {
        out("receive", reply.messages.size())(reply.receipt);
        for (const Delivery& message : reply.messages) {
            out(message);
        }
    }
    void operator()(const SettleReply& reply) const {
        out("settle", reply.results.size())(reply.results);
    }
    void operator()(const HelloReply& reply) const { out("hello", reply.version); }
    void operator()(const BeatReply&) const { out("beat", std::string_view()); }
    void operator()(const QueueReply& reply) const {
        out("queue", reply.name)("attribute", reply.attributes)("tag", reply.tags);
    }
    void operator()(const ListReply& reply) const {
        out("list", reply.names.size());
        for (const std::string& name : reply.names) {
            out("name", name);
        }
        out("more", static_cast<std::uint64_t>(reply.more));
    }
    void operator()(const DoneReply& reply) const { out("done", reply.affected); }
};

}  // namespace

std::string describe(const Request& request) {
    Lines out;
    out("session", request.session)("number", request.number);
    std::visit(DescribeOperation{out}, request.operation);
    return out.text();
}

std::string describe(const Response& response) {
    Lines out;
    out("number", response.number)("broker", response.broker);
    std::visit(DescribeAnswer{out}, response.answer);
    return out.text();
}

}  // namespace esteira::wire::test

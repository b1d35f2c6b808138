#include "broker/control/messages.hpp"

#include <cstdio>
#include <limits>
#include <variant>

#include "broker/control/receipt_text.hpp"
#include "broker/control/show.hpp"
#include "common/base/limits.hpp"
#include "common/cli/checks.hpp"
#include "common/cli/format.hpp"
#include "common/cli/json_text.hpp"
#include "common/client/queue_client.hpp"

namespace esteira::control {

namespace {

constexpr std::size_t kBodyBytesShown = 2000;

client::QueueClient client_of(const Settings& settings) {
    client::ClientOptions options;
    options.endpoint = settings.loaded.config.broker.endpoint;
    options.name = "esteira-ctl";
    options.patience = settings.timeout();
    return client::QueueClient{std::move(options)};
}

// The one answer to the one request; silence is a Failure.
client::Reply answer_to(client::QueueClient& client, dialogue::Operation operation) {
    client.submit(std::move(operation));
    try {
        while (true) {
            if (auto reply = client.poll(std::chrono::seconds(1))) {
                return std::move(*reply);
            }
        }
    } catch (const client::Unreachable& silence) {
        throw cli::Failure{cli::ExitCode::unreachable, silence.what()};
    }
}

template <class Kind>
const Kind& get(const client::Reply& reply) {
    if (const auto* refused = std::get_if<dialogue::Refused>(&reply.response.answer)) {
        throw cli::Failure{exit_code_of(refused->code), refused->reason};
    }
    if (const auto* answer = std::get_if<Kind>(&reply.response.answer)) {
        return *answer;
    }
    throw cli::Failure{cli::ExitCode::error, "the broker has answered something else"};
}

Json json_of(const dialogue::Delivery& delivery, std::uint64_t broker,
             const MessageReceipt& receipt) {
    Json message{{"id", dialogue::message_id(broker, delivery.number)},
                 {"receipt", text_of(receipt)},
                 {"receives", delivery.receives},
                 {"crashes", delivery.crashes},
                 {"sent_at", cli::json_of(delivery.sent_at)},
                 {"first_received_at", cli::json_of(delivery.first_received_at)}};
    for (const auto& [name, value] :
         {std::pair{"origin", delivery.origin}, std::pair{"source", delivery.source},
          std::pair{"reason", delivery.reason}, std::pair{"group", delivery.group},
          std::pair{"dedup", delivery.dedup}}) {
        message[name] = std::string(value);
    }
    message["sequence"] = delivery.sequence;
    message["attributes"] = cli::json_of_attributes(delivery.attributes);
    message["bytes"] = delivery.body.size();
    cli::put_history(message, delivery.history);
    cli::put_bytes(message, "body", delivery.body);
    return message;
}

}  // namespace

void MessageVerbs::add_to(CLI::App& msg) {
    receive_ = msg.add_subcommand("receive", "Receives messages: hidden from others for a while");
    receive_->add_option("queue", queue_, "Name of a queue")->required();
    receive_->add_option("--count", count_, "At most")
        ->check(cli::whole_number(1, limits::kReceiveCountMax))
        ->capture_default_str();
    receive_->add_option("--attempt", attempt_,
                         "An id: asked again with it, a FIFO queue gives the same");
    receive_->add_option("--min", min_, "Waits for so many; after the wait, for none")
        ->check(cli::whole_number(1, limits::kReceiveCountMax))
        ->capture_default_str();
    receive_->add_option("--wait", wait_s_, "Seconds to wait for as many as --min says")
        ->check(cli::decimal_number(0, 300))
        ->capture_default_str();
    receive_
        ->add_option("--visibility", visibility_s_,
                     "Seconds that they stay hidden; the queue's when not said")
        ->check(cli::whole_number(0, std::numeric_limits<std::uint32_t>::max()));
    delete_ = msg.add_subcommand("delete", "Deletes received messages by their receipts");
    delete_->add_option("receipt", receipts_, "As msg receive has printed it")->required();
}

std::optional<cli::ExitCode> MessageVerbs::perform(const Settings& settings) const {
    if (receive_->parsed()) {
        return receive(settings);
    }
    if (delete_->parsed()) {
        return remove(settings);
    }
    return std::nullopt;
}

cli::ExitCode MessageVerbs::receive(const Settings& settings) const {
    if (min_ > count_) {
        throw cli::Failure{cli::ExitCode::usage, "--min is at most --count"};
    }
    client::QueueClient client = client_of(settings);
    dialogue::Receive request;
    request.queue = queue_;
    request.count = count_;
    request.min = min_;
    request.attempt = attempt_;
    request.wait = Millis{static_cast<std::int64_t>(wait_s_ * 1000)};
    if (visibility_s_) {
        request.visibility = std::chrono::seconds(*visibility_s_);
    }
    const client::Reply reply = answer_to(client, request);
    const auto& received = get<dialogue::ReceiveReply>(reply);
    Json messages = Json::array();
    std::uint32_t index = 0;
    for (const dialogue::Delivery& delivery : received.messages) {
        messages.push_back(json_of(delivery, reply.response.broker, {received.receipt, index++}));
    }
    if (settings.common.json) {
        cli::print_json({{"queue", queue_}, {"messages", nlohmann::json(messages)}});
    } else {
        show_messages(messages, kBodyBytesShown);
        cli::say(cli::human_count(messages.size()) + " received from " + queue_);
    }
    return cli::ExitCode::ok;
}

cli::ExitCode MessageVerbs::remove(const Settings& settings) const {
    dialogue::Settle settle;
    for (const std::string& text : receipts_) {
        const auto receipt = receipt_of(text);
        if (!receipt) {
            throw cli::Failure{cli::ExitCode::usage, "not a receipt: " + text};
        }
        dialogue::VerdictEntry& verdict = settle.verdicts.emplace_back();
        verdict.receipt = receipt->receipt;
        verdict.index = receipt->index;
    }
    client::QueueClient client = client_of(settings);
    const client::Reply reply = answer_to(client, std::move(settle));
    std::uint64_t deleted = 0;
    std::uint64_t failed = 0;
    cli::ExitCode first_fault = cli::ExitCode::ok;
    for (const dialogue::ResultRun& run : get<dialogue::SettleReply>(reply).results) {
        if (run.code == dialogue::Code::ok) {
            deleted += run.count;
            continue;
        }
        failed += run.count;
        cli::say(cli::human_count(run.count) + " not deleted: " +
                 (run.reason.empty() ? dialogue::to_string(run.code) : run.reason));
        first_fault = first_fault == cli::ExitCode::ok ? exit_code_of(run.code) : first_fault;
    }
    if (settings.common.json) {
        cli::print_json({{"deleted", deleted}, {"failed", failed}});
    } else {
        std::printf("%s deleted\n", cli::human_count(deleted).c_str());
    }
    return failed > 0 && deleted > 0 ? cli::ExitCode::partial : first_fault;
}

}  // namespace esteira::control

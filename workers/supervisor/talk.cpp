#include "workers/supervisor/talk.hpp"

#include <utility>

#include "common/base/bytes.hpp"
#include "common/logging/logging.hpp"

namespace esteira::supervisor {

Talk::Talk(const std::filesystem::path& ops_socket) : endpoint_("ipc://" + ops_socket.string()) {}

void Talk::ask(const std::string& command, const Json& arguments, Time now) {
    const Json request{{"command", command}, {"arguments", arguments}};
    frame_ = request.dump(-1, ' ', false, Json::error_handler_t::replace);
    asked_ = true;
    sent_ = false;
    asked_at_ = now;
    if (!link_) {
        link_.emplace(context_, endpoint_, ++links_);
    }
}

void Talk::give_up() {
    link_.reset();  // An answer that comes late is then nobody's.
    asked_ = false;
    there_ = false;
}

std::optional<Json> Talk::answer(Time now) {
    if (!asked_) {
        return std::nullopt;
    }
    if (link_->state() == client::Link::State::lost || now - asked_at_ > kPatience) {
        give_up();
        return std::nullopt;
    }
    sent_ = sent_ ||
            (link_->state() == client::Link::State::connected && link_->send(as_bytes(frame_)));
    const auto frame = link_->receive();
    if (!frame) {
        return std::nullopt;
    }
    Json answer = Json::parse(frame->to_string_view(), nullptr, false);
    if (!answer.is_object() || !answer.value("ok", false)) {
        logging::error("report_refused", {{"answer", frame->to_string_view()}});
        give_up();
        return std::nullopt;
    }
    asked_ = false;
    there_ = true;
    return std::move(answer["result"]);
}

void Talk::wait(Millis time, std::span<const int> fds) {
    if (link_) {
        link_->wait(time, asked_ && !sent_, fds);
    } else {
        client::wait_for({}, time, fds);
    }
}

}  // namespace esteira::supervisor

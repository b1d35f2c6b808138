#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/dialogue.hpp"
#include "tests/spec/operator_words.hpp"

// A rule of the queues, written as a dialogue. A line is
//
//   TIME [@SESSION] COMMAND [WORD | NAME=VALUE]...  => ANSWER
//
// and a test runs the commands and compares the whole script with what the answers really were, so
// a failure is a diff. Messages are called by their bodies; a#2 is the second delivery of message
// a.
//
//   create Q NAME=VALUE... | set Q NAME=VALUE... | get Q NAME... | rm Q | purge Q
//   tag Q KEY=VALUE... [KEY...]     sets the first, removes the others
//   tags Q
//   send Q BODY... [delay=5s] [origin=ID] [group=G] [dedup=ID] [attr.NAME=VALUE]
//        a queue or a topic
//   topic T | untopic T | subscribe T Q [filter=TERM+TERM...] | unsubscribe T Q
//   receive Q COUNT [wait=20s] [visibility=30s]     a waiting one answers `waiting`,
//        [min=5] [attempt=ID]
//   answer                                          and this shows what it got, or `waiting`
//   done A#1... | hide A#1 30s | retry A#1 [5s] [reason=R] | dead A#1 reason=R | handback A#1
//        [send=Q:BODY]                              with any verdict: a message sent on with it
//   look A#1                                        what came with that delivery
//   story A#1                                       its attempts before, and its burial
//   counts Q | totals Q NAME...
//   move DLQ [to=Q] [filter=TERM+TERM] [rate=N] [limit=N] [dry=yes] [any=yes]   a task's number
//   drop DLQ [filter=..] [limit=N] [dry=yes] | tasks [DLQ] | cancel N
//   drop DLQ A | edit DLQ A BODY [to=Q] | peek DLQ [filter=..]
//   again                                           the session's last request once more
//   hello POOL | beat | start A#1... | goodbye
//   restart                                         kill -9 and a new start
namespace esteira::spec {

// Where a script's commands go.
class Door {
public:
    virtual ~Door() = default;

    // It is `time` since the script began, or later.
    virtual void at(Millis time) = 0;
    // Asks under the name of a session and gives the answer, or nothing if it has to wait.
    virtual std::optional<dialogue::Answer> ask(const std::string& session,
                                                const dialogue::Operation& operation) = 0;
    // The answer that a waiting session has got by now.
    virtual std::optional<dialogue::Answer> answer(const std::string& session) = 0;
    virtual std::optional<dialogue::Answer> again(const std::string& session) = 0;
    virtual void restart() = 0;
    // What operators do to topics: a word and its arguments, as above. Empty: done.
    virtual std::optional<dialogue::Code> topics(const std::vector<std::string>& words) = 0;
    // The totals of a queue by name; empty where the door does not show them.
    virtual std::map<std::string, std::uint64_t> totals(const std::string& queue) = 0;
    // What operators do (operator_words.hpp), told in words.
    virtual std::string operate(const OperatorLine& line) = 0;
};

// The script with the answers that it really got.
std::string run(const std::string& script, Door& door);

// All of virtual time, over a journal on a simulated disk.
std::unique_ptr<Door> make_engine_door();

std::string read_script(const std::string& path);
std::vector<std::string> scripts_in(const std::string& folder);

}  // namespace esteira::spec

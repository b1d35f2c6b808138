#pragma once

#include <span>
#include <string>
#include <string_view>

// The commands of the broker's ops socket: one table. The broker binds each row to what it does,
// esteira-ctl makes its words and its help of it, and both check the same arguments. A new command
// is one row here and its function in broker/server.
namespace esteira::cli {

enum class ArgumentKind {
    text,
    number,  // A whole number, not negative.
    flag,
    on_off,  // A flag in JSON; the word on or off for people.
    pairs,   // A JSON object of texts; KEY=VALUE, any number of times, for people.
    words,   // A JSON array of texts; any number of times for people.
    list,    // A JSON array; for programs alone.
};

struct Argument {
    std::string_view name;
    ArgumentKind kind = ArgumentKind::text;
    bool positional = false;  // Then it is required as well.
    std::string_view what;
    bool optional_word = false;  // Positional for people, and not required.
};

struct Command {
    std::string_view name;  // "queue.create", or one word.
    std::string_view what;  // One line for people.
    bool changes = false;   // What changes something is written to the audit log.
    std::span<const Argument> arguments;
    std::string_view examples = {};  // Lines for the end of its help.
    bool for_programs = false;       // Said by our programs to each other: no word of esteira-ctl.
};

inline constexpr Argument kQueueArgument{"queue", ArgumentKind::text, true, "Name of a queue"};
inline constexpr Argument kConfirmArgument{"confirm", ArgumentKind::text, false,
                                           "The queue's name once more, to show that it is meant"};
inline constexpr Argument kAttributesArgument{
    "attribute", ArgumentKind::pairs, false,
    "A setting, as NAME=VALUE; docs/queues.md lists them. May be repeated"};

inline constexpr Argument kTagsArgument{"tag", ArgumentKind::pairs, false,
                                        "A tag, as KEY=VALUE. May be repeated"};

inline constexpr Argument kOneQueue[] = {kQueueArgument};
inline constexpr Argument kConfirmed[] = {kQueueArgument, kConfirmArgument};
inline constexpr Argument kRemoving[] = {
    kQueueArgument,
    kConfirmArgument,
    {"if_empty", ArgumentKind::flag, false, "Only when it holds no message, however it waits"}};
inline constexpr Argument kListing[] = {
    {"prefix", ArgumentKind::text, false, "Only queues whose names begin with it"}};
inline constexpr Argument kCreating[] = {
    kQueueArgument,
    kAttributesArgument,
    kTagsArgument,
    {"no_dlq", ArgumentKind::flag, false, "Neither a dead-letter queue nor a limit of receives"}};
inline constexpr Argument kSetting[] = {
    kQueueArgument,
    kAttributesArgument,
    kTagsArgument,
    {"untag", ArgumentKind::words, false, "Key of a tag to remove. May be repeated"}};
inline constexpr Argument kPausing[] = {
    kQueueArgument,
    {"sends", ArgumentKind::flag, false, "Sends alone; both when neither is said"},
    {"receives", ArgumentKind::flag, false, "Receives alone"}};
inline constexpr Argument kFilterArgument{
    "filter", ArgumentKind::text, false,
    "Only messages that it means, as 'reason:timeout age:>1h'; docs/filters.md"};
inline constexpr Argument kLooking[] = {
    kQueueArgument,
    {"count", ArgumentKind::number, false, "At most; 10 when not said, 1000 at most"},
    kFilterArgument};
inline constexpr Argument kDeadLettersArgument{"queue", ArgumentKind::text, true,
                                               "Name of a dead-letter queue"};
inline constexpr Argument kRedriving[] = {
    kDeadLettersArgument,
    {"to", ArgumentKind::text, false, "Target queue; each goes back to its own when not said"},
    {"rate", ArgumentKind::text, false, "At most so many: 50/s, 600/m"},
    {"count", ArgumentKind::number, false, "At most, oldest first; all when not said"},
    kFilterArgument,
    {"any_source", ArgumentKind::flag, false, "The queue need not be a dead-letter queue"},
    {"dry_run", ArgumentKind::flag, false, "Count what would be moved, and move nothing"}};
inline constexpr Argument kDropping[] = {
    kDeadLettersArgument,
    {"message", ArgumentKind::text, false, "The id of one message, as dlq show tells it"},
    kFilterArgument,
    {"count", ArgumentKind::number, false, "At most, oldest first; all when not said"},
    {"any_source", ArgumentKind::flag, false, "The queue need not be a dead-letter queue"},
    {"dry_run", ArgumentKind::flag, false, "Count what would be dropped, and drop nothing"},
    kConfirmArgument};
inline constexpr Argument kEditing[] = {
    kDeadLettersArgument,
    {"message", ArgumentKind::text, true, "Its id, as dlq show tells it"},
    {"body", ArgumentKind::text, false, "What stands in it from now on"},
    {"body_base64", ArgumentKind::text, false, "The same, for bytes that are no text"},
    {"attribute", ArgumentKind::pairs, false,
     "A text attribute, as NAME=VALUE, in the place of all; they stay when not said"},
    {"to", ArgumentKind::text, false, "Target queue; it goes back to its own when not said"}};
inline constexpr Argument kListingTasks[] = {
    {"queue", ArgumentKind::text, false, "Only of this queue", true}};
inline constexpr Argument kCancelling[] = {
    {"task", ArgumentKind::number, true, "Its number, as dlq tasks shows it"}};
inline constexpr Argument kDraining[] = {
    {"on", ArgumentKind::on_off, true, "on: refuse sends, and keep serving receives"}};

inline constexpr Argument kTopicArgument{"topic", ArgumentKind::text, true, "Name of a topic"};
inline constexpr Argument kListingTopics[] = {
    {"prefix", ArgumentKind::text, false, "Only topics whose names begin with it"}};
inline constexpr Argument kOneTopic[] = {kTopicArgument};
inline constexpr Argument kCreatingTopic[] = {
    kTopicArgument, {"tag", ArgumentKind::pairs, false, "A tag, as KEY=VALUE. May be repeated"}};
inline constexpr Argument kConfirmedTopic[] = {
    kTopicArgument,
    {"confirm", ArgumentKind::text, false, "The topic's name once more, to show that it is meant"}};
inline constexpr Argument kSubscribing[] = {
    kTopicArgument,
    kQueueArgument,
    {"filter", ArgumentKind::text, false,
     "Only messages that it matches, see docs/filters.md; all when not said"}};
inline constexpr Argument kUnsubscribing[] = {kTopicArgument, kQueueArgument};

inline constexpr Argument kScaling[] = {
    {"pool", ArgumentKind::text, true, "Name of a pool, as worker pools shows it"},
    {"size", ArgumentKind::text, true, "How many workers; auto: by its backlog, as configured"}};
inline constexpr Argument kDrainingWorkers[] = {
    {"target", ArgumentKind::text, true, "Name of a pool or of one worker, as worker ls shows it"}};
inline constexpr Argument kReporting[] = {
    {"supervisor", ArgumentKind::text, true, "Host and folder: the same after a restart"},
    {"host", ArgumentKind::text, true, "Where it runs"},
    {"pid", ArgumentKind::number, true, "Its process"},
    {"pools", ArgumentKind::list, true, "Its pools as they are"},
    {"leaving", ArgumentKind::flag, false, "It ends, and its pools with it"}};

inline constexpr Argument kReading[] = {
    {"after", ArgumentKind::text, false, "Queues behind this name; from the first when not said"}};
inline constexpr Argument kChecking[] = {
    {"queues", ArgumentKind::list, true, "Queues that somebody wants: name, attributes, dlq"},
    {"topics", ArgumentKind::list, false, "Topics that somebody wants: name, tags, filters"}};

inline constexpr Command kOpsCommands[] = {
    {"node.ping", "Whether the broker answers, and who it is", false, {}},
    {"node.stats", "Sockets, turns, sessions and the journal in numbers", false, {}},
    {"node.drain", "Refuses sends, keeps serving receives; until turned off or a restart", true,
     kDraining},
    {"metrics", "Counters in the text format of Prometheus", false, {}},
    {"queue.ls", "Queues with their depth and the age of their oldest message", false, kListing},
    {"queue.show", "One queue: settings, depth and what has happened in it", false, kOneQueue},
    {"queue.create", "Makes a queue and its dead-letter queue; once more is no error", true,
     kCreating},
    {"queue.set", "Changes settings and tags of a queue, at once", true, kSetting},
    {"queue.pause", "Refuses sends, and receives get nothing, until it is resumed", true, kPausing,
     "esteira-ctl queue pause stock\n  esteira-ctl queue pause stock --sends    # receives go on"},
    {"queue.resume", "Takes sends again, and serves receives", true, kPausing},
    {"queue.purge", "Removes all messages of a queue, for good", true, kConfirmed},
    {"queue.rm", "Removes a queue and all its messages, for good", true, kRemoving},
    {"topic.ls", "Topics with what went through them", false, kListingTopics},
    {"topic.show", "One topic: the queues that are subscribed to it, and their filters", false,
     kOneTopic},
    {"topic.create", "Makes a topic; once more is no error", true, kCreatingTopic,
     "esteira-ctl topic create sales\n  esteira-ctl topic subscribe sales stock\n"
     "  esteira-ctl topic subscribe sales big --filter 'body.total:>=1000 attr.uf:SP,RJ'\n"
     "  esteira-ctl topic publish sales --body '{\"total\":1200}' --attribute uf=SP"},
    {"topic.rm", "Removes a topic; what its queues hold stays", true, kConfirmedTopic},
    {"topic.subscribe", "A queue gets what is sent to a topic; once more changes the filter", true,
     kSubscribing},
    {"topic.unsubscribe", "A queue gets no more of a topic; what it holds stays", true,
     kUnsubscribing},
    {"msg.peek", "Shows messages without receiving them", false, kLooking},
    {"dlq.ls", "Dead-letter queues with their depth and what they serve", false, {}},
    {"dlq.show", "Dead letters with their story: why, from where, how often", false, kLooking},
    {"dlq.redrive", "Moves dead letters back to where they failed, as a task", true, kRedriving,
     "esteira-ctl dlq redrive dlq-orders --filter 'reason:timeout' --dry-run\n  esteira-ctl dlq "
     "redrive dlq-orders --rate 50/s"},
    {"dlq.tasks", "Redrives and drops that run, and the last ones that ended", false,
     kListingTasks},
    {"dlq.cancel", "Ends a task; what it has moved stays where it is now", true, kCancelling},
    {"dlq.edit", "Sends one dead letter back with another body", true, kEditing,
     "esteira-ctl dlq edit dlq-orders ID --body '{\"loja\":7}'\n  esteira-ctl dlq edit "
     "dlq-orders ID --body-file mended.json"},
    {"dlq.drop", "Removes dead letters, for good", true, kDropping,
     "esteira-ctl dlq drop dlq-orders --message ID --yes\n  esteira-ctl dlq drop dlq-orders "
     "--filter 'age:>7d' --yes"},
    {"worker.ls", "Workers that said hello, and their pools", false, {}},
    {"worker.pools",
     "Pools: how many workers they should have and have",
     false,
     {},
     "esteira-ctl worker pools\n  esteira-ctl worker pools --wait 30    # until all is as it "
     "should be"},
    {"worker.scale", "Sets the size of a pool, for good or until it is auto again", true, kScaling,
     "esteira-ctl worker scale upsert-stock 8\n  esteira-ctl worker scale upsert-stock 0       # "
     "a pause\n  esteira-ctl worker scale upsert-stock auto"},
    {"worker.drain", "Has workers finish what they began and replaces them, one after the other",
     true, kDrainingWorkers,
     "esteira-ctl worker drain upsert-stock\n  esteira-ctl worker drain upsert-stock-3"},
    {"worker.report",
     "A supervisor tells of its pools, and is told what they need",
     false,
     kReporting,
     {},
     true},
    {"definitions.read",
     "A page of queues as they are: all attributes, tags, messages",
     false,
     kReading,
     {},
     true},
    {"definitions.check",
     "Queues as queue.create would make them, or why it would not; topics likewise",
     false,
     kChecking,
     {},
     true},
};

// "queue create QUEUE [--attribute NAME=VALUE]... [--no-dlq]"
std::string usage_of(const Command& command);

// As a flag: --no-dlq for no_dlq.
std::string flag_of(const Argument& argument);

}  // namespace esteira::cli

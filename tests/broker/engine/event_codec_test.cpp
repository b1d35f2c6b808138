#include "broker/engine/event_codec.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/engine/log.hpp"
#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"

// Yesterday's bytes are read for ever. To make the file of a new version, run this test with
// ESTEIRA_WRITE_GOLDEN=1; it never writes over a file that is there.
namespace esteira::engine {
namespace {

std::filesystem::path golden_file(int version) {
    return std::filesystem::path(ESTEIRA_SOURCE_DIR) / "tests/golden" /
           ("events_v" + std::to_string(version)) / "events.bin";
}

constexpr WallTime wall(std::int64_t ms) { return WallTime{Millis{ms}}; }
constexpr Time broker(std::int64_t ms) { return Time{Millis{ms}}; }

// One event of each type, and a record with every section, of version 1.
std::vector<Event> first_samples() {
    static const std::vector<std::byte> attributes =
        pack_attributes(std::vector<Attribute>{{"loja", "String", as_bytes("1001")}});
    Stored plain;
    plain.queue = QueueNumber{7};
    plain.number = MessageNumber{1001};
    plain.sent_at = wall(1'700'000'000'123);
    plain.body = as_bytes("corpo");
    Stored full = plain;
    full.cause = Cause::relocated;
    full.visible_at = broker(3'600'500);
    full.age = 3;
    full.origin = "pdv-1/7";
    full.attributes = attributes;
    full.story = Story{4, 1, wall(1'700'000'000'500), QueueNumber{6}, "quantidade negativa"};
    full.replaces = Replaces{QueueNumber{7}, {3, 512}, DeliveryNumber{88}};
    full.held = HeldState{DeliveryNumber{88},      2,     1,         9, broker(3'600'100),
                          wall(1'700'000'000'400), false, "deu erro"};
    full.fifo = Fifo{12, broker(3'900'000), "grupo", "dedup"};
    full.shared = {{QueueNumber{8}, MessageNumber{1002}}};
    return {plain,
            full,
            Leased{QueueNumber{7},
                   DeliveryNumber{100},
                   broker(3'630'000),
                   9,
                   55,
                   0xABCDEF,
                   {{DeliveryNumber{88}, 2}},
                   {{3, {512, 4096}}, {4, {576}}}},
            Removed{QueueNumber{7}, {{DeliveryNumber{100}, 4}}},
            Rescheduled{QueueNumber{7},
                        Return::retry,
                        broker(3'660'000),
                        "banco fora",
                        {{DeliveryNumber{104}, 1}}},
            SetAside{QueueNumber{7}, Gone::damaged, {{DeliveryNumber{104}, 1}}, {{4, {1024}}}},
            Purged{QueueNumber{7}, 12},
            QueueMade{QueueNumber{7},
                      QueueKind::standard,
                      wall(1'700'000'000'000),
                      "sa-east-1",
                      "estoque",
                      {{"VisibilityTimeout", "30"}},
                      {{"dono", "loja"}}},
            QueueSet{QueueNumber{7}, wall(1'700'000'000'001), {{"VisibilityTimeout", "60"}}},
            QueueRemoved{QueueNumber{7}},
            SessionOpened{9, Bytes16{std::byte{1}, std::byte{2}}},
            Noted{9, 55, 0xABCDEF, 0, {{dialogue::Code::ok, 10, MessageNumber{1001}, {}}}},
            WorkerJoined{9, "esteira-worker-upsert-stock", "upsert-stock", "loja-01", 4242},
            WorkerLeft{9, true},
            PoolWanted{"upsert-stock", 7}};
}

// And what version 2 has besides.
std::vector<Event> samples() {
    static const std::string history =
        pack_history({2,
                      wall(1'700'000'000'900),
                      BuriedBy::rejected,
                      {},
                      "estoque",
                      {{wall(1'700'000'000'400), wall(1'700'000'000'800), AttemptEnd::retried,
                        "w-1", "upsert-stock", "loja-01", "sem estoque"}}});
    std::vector<Event> all = first_samples();
    Stored with_history = std::get<Stored>(all[1]);
    with_history.history = as_bytes(history);
    all.push_back(with_history);
    return all;
}

// And version 3: topics, moves, tags, receive attempts, messages that were dropped.
std::vector<Event> third_samples() {
    std::vector<Event> all = samples();
    Leased with_attempt = std::get<Leased>(all[2]);
    with_attempt.attempt = "tentativa-1";
    all.emplace_back(with_attempt);
    all.emplace_back(QueueTagged{QueueNumber{7}, wall(1'700'000'000'002), {{"dono", "centro"}}});
    all.emplace_back(Subscribed{QueueNumber{20}, QueueNumber{7}, "attr.uf:SP"});
    all.emplace_back(Unsubscribed{QueueNumber{20}, QueueNumber{7}});
    MoveStarted move{5, MoveKind::redrive, true, QueueNumber{8}, QueueNumber{7}};
    move.rate_milli = 1'500;
    move.limit = 100;
    move.there = 12;
    move.at = wall(1'700'000'000'003);
    move.filter = "reason:banco";
    all.emplace_back(move);
    all.emplace_back(MoveEnded{5, MoveState::failed, wall(1'700'000'000'004), 3, {1, 2}, "fila"});
    all.emplace_back(SetAside{QueueNumber{8}, Gone::dropped, {{DeliveryNumber{105}, 1}}, {}});
    return all;
}

std::vector<std::byte> bytes_of(const std::vector<Event>& events) {
    std::vector<std::byte> bytes;
    for (const Event& event : events) {
        std::vector<std::byte> one(encoded_size(event));
        encode(event, one);
        bytes.insert(bytes.end(), one.begin(), one.end());
    }
    return bytes;
}

std::vector<std::byte> golden(int version) {
    std::ifstream in(golden_file(version), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto bytes = as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

TEST(EventCodec, WritesWhatVersion1Wrote) { EXPECT_EQ(bytes_of(first_samples()), golden(1)); }

TEST(EventCodec, WritesWhatVersion2Wrote) { EXPECT_EQ(bytes_of(samples()), golden(2)); }

TEST(EventCodec, WritesWhatVersion3Wrote) {
    const auto bytes = bytes_of(third_samples());
    const auto file = golden_file(3);
    if (std::getenv("ESTEIRA_WRITE_GOLDEN") != nullptr && !std::filesystem::exists(file)) {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << as_text(bytes);
    }
    EXPECT_EQ(bytes, golden(3));
}

TEST(EventCodec, ReadsBackWhatItWrote) {
    const auto bytes = golden(3);
    std::vector<Event> read;
    std::size_t used = 0;
    while (used < bytes.size()) {
        auto [event, size] = decode(std::span(bytes).subspan(used));
        used += size;
        read.push_back(std::move(event));
    }
    ASSERT_EQ(read.size(), third_samples().size());
    EXPECT_EQ(bytes_of(read), bytes);  // Nothing was lost on the way in.
    const auto& full = std::get<Stored>(read[1]);
    EXPECT_EQ(full.story->reason, "quantidade negativa");
    EXPECT_EQ(full.replaces->delivery, DeliveryNumber{88});
    EXPECT_EQ(full.held->crashes, 1U);
    EXPECT_EQ(full.fifo->group, "grupo");
    EXPECT_EQ(full.shared.at(0).second, MessageNumber{1002});
    EXPECT_EQ(as_text(full.body), "corpo");
    EXPECT_EQ(std::get<Leased>(read[2]).waiting.at(0).slots.at(1), 4096U);
    const auto history = unpack_history(std::get<Stored>(read[samples().size() - 1]).history);
    EXPECT_EQ(history->attempts.at(0).reason, "sem estoque");
}

TEST(EventCodec, EveryPrefixOfAnEventIsRefused) {
    for (const Event& event : third_samples()) {
        const auto bytes = bytes_of({event});
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
            EXPECT_THROW(decode(std::span(bytes).first(cut)), BrokenLog)
                << "event " << event.index() << " cut at " << cut;
        }
    }
}

// A body whose record was changed anywhere must not be delivered.
TEST(EventCodec, EveryFlippedBitOfARecordIsNoticed) {
    const std::vector<Event> all = samples();
    for (const Event& event : {all[0], all[1], all.back()}) {
        auto bytes = bytes_of({event});
        ASSERT_TRUE(read_stored(bytes));
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            const std::byte mask{static_cast<unsigned char>(1U << (bit % 8))};
            bytes[bit / 8] ^= mask;
            EXPECT_FALSE(read_stored(bytes)) << "bit " << bit;
            bytes[bit / 8] ^= mask;
        }
    }
}

TEST(EventCodec, AnUnknownTypeIsRefused) {
    auto bytes = bytes_of({Purged{QueueNumber{1}, 0}});
    bytes[0] = std::byte{200};
    EXPECT_THROW(decode(bytes), BrokenLog);
}

// What a newer release means by it, nobody here can know.
TEST(EventCodec, AnUnknownDetailOfAnyTypeIsRefused) {
    for (const Event& event : third_samples()) {
        auto bytes = bytes_of({event});
        bytes[1] = std::byte{200};
        EXPECT_THROW(decode(bytes), BrokenLog) << "event " << event.index();
    }
}

}  // namespace
}  // namespace esteira::engine

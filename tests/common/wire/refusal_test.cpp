#include <functional>

#include <gtest/gtest.h>
#include <msgpack.hpp>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "common/wire/codec.hpp"

// What is refused, and with what reason. The frames are written by msgpack itself, not by the
// codec.
namespace esteira::wire {

namespace {

using dialogue::Code;

// Copyable, unlike msgpack's own packer.
struct Pack {
    struct Sink {
        std::string bytes;
        void write(const char* data, std::size_t count) { bytes.append(data, count); }
    };
    Sink sink;

    msgpack::packer<Sink> packer() { return msgpack::packer<Sink>(sink); }
    Pack& array(std::uint32_t n) { return packer().pack_array(n), *this; }
    Pack& map(std::uint32_t n) { return packer().pack_map(n), *this; }
    Pack& num(std::int64_t n) { return packer().pack_int64(n), *this; }
    Pack& big(std::uint64_t n) { return packer().pack_uint64(n), *this; }
    Pack& str(std::string_view s) { return packer().pack(s), *this; }
    Pack& nil() { return packer().pack_nil(), *this; }
    Pack& real(double d) { return packer().pack_double(d), *this; }
    Pack& yes() { return packer().pack_true(), *this; }
    Pack& bin(std::string_view s) {
        const auto size = static_cast<std::uint32_t>(s.size());
        return packer().pack_bin(size).pack_bin_body(s.data(), size), *this;
    }
    // The head of a request with `fields` of its own, number 9.
    Pack& head(std::int64_t op, std::uint32_t fields) {
        return array(4 + fields).num(1).num(op).bin(std::string(16, 's')).num(9);
    }
    Pack& receipt() { return bin(std::string(36, 'r')); }
    std::span<const std::byte> bytes() const { return as_bytes(sink.bytes); }
};

void expect_refused(const Pack& frame, const std::string& reason, std::uint64_t number = 9,
                    Code code = Code::bad_request) {
    const auto result = decode_request(frame.bytes());
    ASSERT_FALSE(result) << "not refused: " << reason;
    EXPECT_EQ(result.error().refused.reason.substr(0, reason.size()), reason);
    EXPECT_EQ(result.error().number, number);
    EXPECT_EQ(result.error().refused.code, code);
}

void expect_accepted(const Pack& frame) {
    const auto result = decode_request(frame.bytes());
    EXPECT_TRUE(result) << result.error().refused.reason;
}

Pack receive(std::int64_t count, std::int64_t wait, std::int64_t visibility) {
    Pack frame;
    frame.head(2, 4).str("stock").num(count).num(wait).num(visibility);
    return frame;
}

Pack send_entry(const std::function<void(Pack&)>& options) {
    Pack frame;
    frame.head(1, 2).str("stock").array(1).array(2).bin("body");
    options(frame);
    return frame;
}

Pack verdict(std::int64_t index, std::int64_t count, std::int64_t kind,
             const std::function<void(Pack&)>& options) {
    Pack frame;
    frame.head(3, 2).array(1).array(5).receipt().num(index).num(count).num(kind);
    options(frame);
    frame.nil();
    return frame;
}

}  // namespace

TEST(WireRefusals, AFrameWithoutAHeadIsRefusedAsRequestZero) {
    expect_refused(Pack{}, "the frame is cut short (at byte 0)", 0);
    expect_refused(Pack{}.num(1), "expected an array", 0);
    expect_refused(Pack{}.array(0), "the frame is cut short", 0);
    expect_refused(Pack{}.array(1).num(2), "this broker speaks version 1", 0);
    expect_refused(Pack{}.array(4).num(1).num(1).bin("short").num(1), "a session has 16 bytes", 0);
    expect_refused(Pack{}.array(4).num(1).num(1).str(std::string(16, 's')).num(1),
                   "expected binary", 0);
    expect_refused(Pack{}.array(4).num(1).num(1).bin(std::string(16, 's')).num(0),
                   "requests are numbered from 1", 0);
    expect_refused(Pack{}.array(4).num(1).num(1).bin(std::string(16, 's')).num(-1),
                   "expected an integer that is not negative", 0);
}

TEST(WireRefusals, AnUnknownOperationIsRefusedUnderItsNumber) {
    expect_refused(Pack{}.head(12, 0), "unknown operation");
    expect_refused(Pack{}.head(0, 0), "unknown operation");
    expect_refused(Pack{}.head(8, 2).str("stock").nil(), "a get_queue has 1 field");
}

TEST(WireRefusals, BytesBehindTheArrayAreRefused) {
    expect_refused(Pack{}.head(8, 1).str("stock").nil(), "the request does not end with its array");
}

TEST(WireRefusals, NumbersOutOfRangeAreRefused) {
    expect_accepted(receive(1, 0, 0));
    expect_accepted(receive(10'000, 300'000, 43'200'000));
    constexpr auto kCount = "a receive's count is 1 to 10000";
    for (const std::int64_t count : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{10'001},
                                     std::int64_t{1} << 32, std::int64_t{1} << 62}) {
        expect_refused(receive(count, 0, 0), kCount);
    }
    expect_refused(receive(1, -1, 0), "a wait is 0 to 300000 ms");
    expect_refused(receive(1, 300'001, 0), "a wait is 0 to 300000 ms");
    expect_refused(receive(1, 0, -1), "a visibility is 0 to 43200000 ms");
    expect_refused(receive(1, 0, 43'200'001), "a visibility is 0 to 43200000 ms");
    expect_refused(Pack{}.head(2, 4).str("q").big(0xFFFF'FFFF'FFFF'FFFF).num(0).nil(), kCount);
    expect_refused(Pack{}.head(2, 4).str("q").real(1.5).num(0).nil(), "expected an integer");
    expect_refused(Pack{}.head(9, 3).str("").str("").num(1001), "a page has 1 to 1000 names");
}

TEST(WireRefusals, ABatchIsNotFullBeforeItsReceiveAsksForSoMany) {
    const auto with = [](const std::function<void(Pack&)>& options) {
        Pack frame;
        frame.head(2, 5).str("stock").num(10).num(0).nil();
        options(frame);
        return frame;
    };
    const auto min = [&](std::int64_t n) { return with([n](Pack& p) { p.map(1).num(1).num(n); }); };
    expect_accepted(with([](Pack& p) { p.map(0); }));
    expect_accepted(min(1));
    expect_accepted(min(10));
    for (const std::int64_t n : {std::int64_t{0}, std::int64_t{11}, std::int64_t{-1}}) {
        expect_refused(min(n), "a receive's min is 1 to its count");
    }
    const auto attempt = [&](const std::string& text) {
        return with([&](Pack& p) { p.map(1).num(2).str(text); });
    };
    expect_accepted(attempt(std::string(128, '~')));
    for (const std::string& text :
         {std::string(), std::string(129, 'a'), std::string("a b"), std::string("tr\xc3\xa9s")}) {
        expect_refused(attempt(text), "an attempt has 1 to 128 visible ASCII characters");
    }
    expect_refused(with([](Pack& p) { p.map(1).num(3).num(1); }), "unknown key of a receive");
    expect_refused(Pack{}.head(2, 6).str("stock").num(1).num(0).nil().map(0).nil(),
                   "a receive has 4 or 5 fields");
    const auto ask = [](std::uint32_t fields) {
        return Pack{}.head(3, 2).array(0).array(fields).num(10).str("stock").num(1).num(0).nil();
    };
    expect_accepted(ask(6).map(1).num(1).num(1));
    expect_refused(ask(7).map(0).nil(), "an ask has 5 or 6 fields");
}

TEST(WireRefusals, TagsAreSetAndRemovedFiftyAtATime) {
    const auto tag = [](std::uint32_t set, std::uint32_t removed) {
        Pack frame;
        frame.head(7, 4).str("stock").map(0).map(set);
        for (std::uint32_t i = 0; i < set; ++i) {
            frame.str("k" + std::to_string(i)).str("");
        }
        frame.array(removed);
        for (std::uint32_t i = 0; i < removed; ++i) {
            frame.str("k");
        }
        return frame;
    };
    expect_accepted(tag(50, 50));
    expect_refused(tag(51, 0), "at most 50 tags are set or removed at once");
    expect_refused(tag(0, 51), "at most 50 tags are set or removed at once");
    expect_refused(Pack{}.head(7, 4).str("stock").map(0).map(0).array(1).str("a\nb"),
                   "a tag's key has at most 256 bytes of text");
    expect_refused(Pack{}.head(7, 3).str("stock").map(0).map(0), "a set_queue has 2 or 4 fields");
}

TEST(WireRefusals, NamesAreThoseOfSqs) {
    expect_accepted(Pack{}.head(8, 1).str(std::string(80, 'a')));
    expect_accepted(Pack{}.head(8, 1).str(std::string(75, 'a') + ".fifo"));
    constexpr auto kRule = "a queue's name has 1 to 80 letters";
    for (const std::string& name :
         {std::string(), std::string(81, 'a'), std::string(76, 'a') + ".fifo", std::string(".fifo"),
          std::string("a.b"), std::string("a b"), std::string("a\0", 2),
          std::string("pre\xc3\xa7o"), std::string("../x")}) {
        expect_refused(Pack{}.head(8, 1).str(name), kRule);
    }
    const auto hello = [](std::string_view name) {
        return Pack{}.head(4, 5).str(name).str("").str("").num(1).yes();
    };
    expect_accepted(hello(std::string(128, 'a')));
    expect_accepted(hello("pre\xc3\xa7o"));
    for (const std::string& name : {std::string(129, 'a'), std::string("\xc3"),
                                    std::string("\xed\xa0\x80"), std::string("a\nb")}) {
        expect_refused(hello(name), "the names of a hello have at most 128 bytes of text");
    }
}

TEST(WireRefusals, ASendHasOneToAThousandEntries) {
    const auto send = [](std::uint32_t entries) {
        Pack frame;
        frame.head(1, 2).str("stock").array(entries);
        for (std::uint32_t i = 0; i < entries; ++i) {
            frame.bin("x");
        }
        return frame;
    };
    expect_accepted(send(1));
    expect_accepted(send(1000));
    expect_refused(send(0), "a send has 1 to 1000 entries");
    expect_refused(send(1001), "a send has 1 to 1000 entries");
}

TEST(WireRefusals, ARequestOfMoreThan8MibIsTooLarge) {
    const auto send = [](std::size_t bytes) {
        Pack frame;
        frame.head(1, 2).str("stock").array(8);
        for (int i = 0; i < 7; ++i) {
            frame.bin(std::string(1 << 20, 'x'));
        }
        frame.bin(std::string(bytes, 'x'));
        return frame;
    };
    expect_accepted(send(1 << 20));
    expect_refused(send((1 << 20) + 1), "a request has at most 8 MiB", 9, Code::too_large);
}

TEST(WireRefusals, OptionsOfAnEntryAreChecked) {
    expect_accepted(send_entry([](Pack& p) { p.map(1).num(1).num(900'000); }));
    expect_refused(send_entry([](Pack& p) { p.map(1).num(1).num(900'001); }),
                   "a delay is 0 to 900000 ms");
    expect_refused(send_entry([](Pack& p) { p.map(1).num(7).num(1); }), "unknown key of an entry");
    expect_refused(send_entry([](Pack& p) { p.map(2).num(1).num(1).num(1).num(2); }),
                   "a key stands twice");
    expect_refused(send_entry([](Pack& p) { p.map(1).num(64).num(1); }), "a key is 0 to 63");
    expect_refused(send_entry([](Pack& p) { p.map(1).str("delay").num(1); }),
                   "expected an integer");
    expect_refused(send_entry([](Pack& p) { p.map(1).num(2).bin("xx"); }),
                   "the attributes are cut short");
    for (const int key : {3, 4, 5}) {
        expect_accepted(send_entry([&](Pack& p) { p.map(1).num(key).str(std::string(128, 'o')); }));
        for (const auto& id :
             {std::string(), std::string(129, 'o'), std::string("a b"), std::string("\xc3\xa7")}) {
            const auto frame = send_entry([&](Pack& p) { p.map(1).num(key).str(id); });
            const auto result = decode_request(frame.bytes());
            ASSERT_FALSE(result);
            EXPECT_NE(result.error().refused.reason.find("1 to 128 visible ASCII"),
                      std::string::npos);
        }
    }
}

TEST(WireRefusals, VerdictsAreChecked) {
    const auto no_options = [](Pack& p) { p.map(0); };
    const auto delay = [](std::int64_t ms) { return [ms](Pack& p) { p.map(1).num(1).num(ms); }; };
    const auto reason = [](std::string text) {
        return [text](Pack& p) { p.map(1).num(2).str(text); };
    };
    const auto sends = [](std::uint32_t count) {
        return [count](Pack& p) {
            p.map(1).num(3).array(count);
            for (std::uint32_t i = 0; i < count; ++i) {
                p.array(2).str("next").bin("x");
            }
        };
    };
    expect_accepted(verdict(0, 10'000, 0, no_options));
    expect_accepted(verdict(9'999, 1, 1, delay(43'200'000)));
    expect_accepted(verdict(0, 1, 2, reason(std::string(512, 'r'))));
    expect_accepted(verdict(0, 1, 0, sends(1000)));
    expect_refused(verdict(0, 1, 5, no_options), "a verdict's kind is 0 to 4");
    expect_refused(verdict(10'000, 1, 0, no_options), "an index is 0 to 9999");
    expect_refused(verdict(0, 0, 0, no_options), "a count is 1 to");
    expect_refused(verdict(1, 10'000, 0, no_options), "a count is 1 to");
    expect_refused(verdict(0, 1, 1, delay(43'200'001)), "a verdict's delay is 0 to 43200000 ms");
    expect_refused(verdict(0, 1, 0, delay(1)), "only retry and visibility have a delay");
    expect_refused(verdict(0, 1, 4, no_options), "visibility needs a delay");
    expect_refused(verdict(0, 1, 3, reason("r")), "only retry and dead have a reason");
    expect_refused(verdict(0, 1, 2, reason(std::string(513, 'r'))), "a reason has at most 512");
    expect_refused(verdict(0, 2, 0, sends(1)), "a verdict with messages to send is for one");
    expect_refused(verdict(0, 1, 0, sends(1001)), "the verdicts of a settle have at most 1000");
    expect_refused(verdict(0, 1, 0, [](Pack& p) { p.map(1).num(4).nil(); }),
                   "unknown key of a verdict");
}

TEST(WireRefusals, ADeadPartHasAReasonAndNeedsNoQueue) {
    const auto part = [](std::string queue, std::string reason) {
        return verdict(0, 1, 0, [=](Pack& p) {
            p.map(1).num(3).array(1).array(2).str(queue);
            p.array(2).bin("x").map(1).num(6).str(reason);
        });
    };
    expect_accepted(part("", std::string(512, 'r')));
    expect_accepted(part("next", "r"));
    expect_refused(part("", std::string(513, 'r')), "a reason has at most 512");
    expect_refused(part("not a queue", "r"), "a message is sent on to a queue's name, or to none");
}

TEST(WireRefusals, TheSendsOfAllVerdictsCountTogether) {
    Pack frame;
    frame.head(3, 2).array(2);
    for (int i = 0; i < 2; ++i) {
        frame.array(5).receipt().num(i).num(1).num(0).map(1).num(3).array(501);
        for (int j = 0; j < 501; ++j) {
            frame.array(2).str("next").bin("x");
        }
    }
    frame.nil();
    expect_refused(frame, "the verdicts of a settle have at most 1000 messages to send");
}

TEST(WireRefusals, ASettleDoesSomethingAndItsAskHasAHigherNumber) {
    expect_refused(Pack{}.head(3, 2).array(0).nil(), "a settle has verdicts, or asks");
    const auto ask = [](std::int64_t number) {
        return Pack{}.head(3, 2).array(0).array(5).num(number).str("stock").num(1).num(0).nil();
    };
    expect_accepted(ask(10));
    expect_refused(ask(9), "the ask of a settle has a number above the settle's");
}

TEST(WireRefusals, QueueAttributesAreBoundedAndStandOnce) {
    const auto set = [](const std::function<void(Pack&)>& attributes) {
        Pack frame;
        frame.head(7, 2).str("stock");
        attributes(frame);
        return frame;
    };
    expect_refused(set([](Pack& p) { p.map(2).str("A").str("1").str("A").str("2"); }),
                   "a name stands twice");
    expect_refused(set([](Pack& p) { p.map(1).str(std::string(1 << 20, 'A')).str("1"); }),
                   "the name of an attribute or tag has 1 to 256");
    expect_refused(set([](Pack& p) { p.map(1).str("A").str(std::string(16'385, '1')); }),
                   "the value of an attribute or tag has at most 16384");
    expect_refused(set([](Pack& p) {
                       p.map(129);
                       for (int i = 0; i < 129; ++i) {
                           p.str("A" + std::to_string(i)).str("1");
                       }
                   }),
                   "a queue has at most 128 attributes");
}

TEST(WireRefusals, DeclaredSizesNeverExceedTheInput) {
    constexpr std::uint32_t kMost = 0xFFFF'FFFF;
    expect_refused(Pack{}.array(kMost), "more elements are declared than", 0);
    expect_refused(Pack{}.head(1, 2).str("q").array(kMost), "more elements are declared than");
    expect_refused(Pack{}.head(7, 2).str("q").map(kMost), "more elements are declared than");
    Pack text;
    text.head(8, 1).packer().pack_str(kMost);
    expect_refused(text, "the frame is cut short");
    Pack sum;  // Each of them could be there, all of them together cannot.
    sum.head(3, 2).array(3);
    for (int i = 0; i < 3; ++i) {
        sum.array(5).receipt().num(i).num(1).num(0).map(1).num(3).array(90);
        if (i < 2) {
            for (int j = 0; j < 90; ++j) {
                sum.nil();
            }
        }
    }
    EXPECT_FALSE(decode_request(sum.bytes()));
}

TEST(WireRefusals, AResponseOfANewerBrokerIsReadDownToDepth32) {
    const auto response = [](std::uint32_t depth) {
        Pack frame;
        frame.array(7).num(1).num(9).num(5).num(2);
        std::string receipt(36, '\0');
        receipt[16] = 1;
        frame.bin(receipt).num(0).array(1).array(5).num(1).num(1).num(0).bin("body");
        frame.map(4).num(3).str("origin").num(60).real(1.5).num(61);
        for (std::uint32_t i = 0; i < depth; ++i) {
            frame.array(1);
        }
        frame.nil().num(8).num(2);
        return frame;
    };
    const auto read = decode_response(response(32).bytes());
    ASSERT_TRUE(read) << read.error().refused.reason;
    const auto& message = std::get<dialogue::ReceiveReply>(read.value().answer).messages.at(0);
    EXPECT_EQ(message.origin, "origin");
    EXPECT_EQ(message.crashes, 2U);
    for (const std::uint32_t depth : {33U, 10'000U}) {
        const auto refused = decode_response(response(depth).bytes());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().number, 9U);
        EXPECT_NE(refused.error().refused.reason.find("nested too deeply"), std::string::npos);
    }
}

TEST(WireRefusals, AReceiptThatDoesNotCountTheDeliveriesIsRefused) {
    Pack frame;
    frame.array(7).num(1).num(9).num(5).num(2).bin(std::string(36, 'r')).num(0).array(0);
    const auto refused = decode_response(frame.bytes());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().refused.reason.find("counts as many"), std::string::npos);
}

}  // namespace esteira::wire

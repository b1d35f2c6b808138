#include <gtest/gtest.h>

#include "common/metrics/text_writer.hpp"

namespace esteira::metrics {
namespace {

TEST(Histogram, AValueOnABoundCountsBelowIt) {
    Histogram histogram{kSecondsBounds};
    histogram.observe(0.001);
    histogram.observe(0.0011);
    histogram.observe(1'000);
    EXPECT_EQ(histogram.at_most(2), 0u);
    EXPECT_EQ(histogram.at_most(3), 1u);
    EXPECT_EQ(histogram.at_most(4), 2u);
    EXPECT_EQ(histogram.at_most(kSecondsBounds.size() - 1), 2u);
    EXPECT_EQ(histogram.count(), 3u);
    EXPECT_DOUBLE_EQ(histogram.sum(), 1'000.0021);
}

TEST(TextWriter, AFamilyIsItsHelpItsTypeAndItsSamples) {
    TextWriter writer;
    writer.family("esteira_queue_messages", Kind::gauge, "Messages in a queue.");
    writer.sample({{"queue", "stock"}, {"state", "visible"}}, std::uint64_t{7});
    writer.sample({{"queue", "stock"}, {"state", "delayed"}},
                  std::uint64_t{18'446'744'073'709'551'615U});
    writer.counter("esteira_requests_total", "Requests.", 3);
    EXPECT_EQ(writer.text(),
              "# HELP esteira_queue_messages Messages in a queue.\n"
              "# TYPE esteira_queue_messages gauge\n"
              "esteira_queue_messages{queue=\"stock\",state=\"visible\"} 7\n"
              "esteira_queue_messages{queue=\"stock\",state=\"delayed\"} 18446744073709551615\n"
              "# HELP esteira_requests_total Requests.\n"
              "# TYPE esteira_requests_total counter\n"
              "esteira_requests_total 3\n");
}

TEST(TextWriter, ALabelCanNeitherEndItsLineNorGrow) {
    TextWriter writer;
    writer.family("x", Kind::gauge, "X.");
    writer.sample({{"pool", "a\"b\\c\nd"}}, std::uint64_t{1});
    writer.sample({{"pool", std::string(500, 'p')}}, std::uint64_t{1});
    EXPECT_NE(writer.text().find("x{pool=\"a\\\"b\\\\c d\"} 1\n"), std::string::npos)
        << writer.text();
    EXPECT_NE(writer.text().find("{pool=\"" + std::string(128, 'p') + "\"}"), std::string::npos);
}

TEST(TextWriter, BucketsAreCumulativeAndEndWithAll) {
    Histogram histogram{kCountBounds};
    for (const double value : {1.0, 2.0, 2.0, 1e9}) {
        histogram.observe(value);
    }
    TextWriter writer;
    writer.histogram("h", "H.", histogram);
    EXPECT_NE(writer.text().find("# TYPE h histogram\n"
                                 "h_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 3\n"),
              std::string::npos);
    EXPECT_NE(writer.text().find("h_bucket{le=\"+Inf\"} 4\nh_sum 1000000005\nh_count 4\n"),
              std::string::npos)
        << writer.text();
}

}  // namespace
}  // namespace esteira::metrics

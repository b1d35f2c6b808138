#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "producers/legacy_sales/database.hpp"
#include "producers/legacy_sales/export.hpp"
#include "tests/support/await.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/private_postgres.hpp"
#include "tests/support/temp_folder.hpp"

namespace esteira::legacy {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class LegacyTest : public testing::Test {
protected:
    static void SetUpTestSuite() { server_ = std::make_unique<support::PrivatePostgres>(); }
    static void TearDownTestSuite() { server_.reset(); }

    void SetUp() override {
        static int number = 0;
        database_ = "sales" + std::to_string(++number);
        postgres::Connection home({server_->url(), "test"});
        ASSERT_TRUE(make_database(home, database_));
        ASSERT_FALSE(make_database(home, database_));
        auto connection = open();
        ASSERT_TRUE(make_table(connection));
        ASSERT_FALSE(make_table(connection));
    }
    postgres::ConnectionSettings settings() const {
        return {server_->url("postgres", database_), "test"};
    }
    postgres::Connection open() const { return postgres::Connection(settings()); }
    std::string asked(const char* sql) const { return std::string(open().execute(sql).text(0, 0)); }
    std::optional<Manifest> export_now(bool whole = false) const {
        return export_sales(settings(), raw(), whole);
    }
    std::string content(const std::string& file) const {
        std::ifstream in(raw() / file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(raw()), fs::directory_iterator()));
    }
    void sell(std::int64_t count) const {
        open().execute(("INSERT INTO sales (sale_date, product_id, customer_id, quantity,"
                        " unit_price, total_value, seller_id, region) SELECT '2024-01-01', 101,"
                        " 1001, 1, 1, 1, 1, 'Sul' FROM generate_series(1, " +
                        std::to_string(count) + ")")
                           .c_str());
    }

    static inline std::unique_ptr<support::PrivatePostgres> server_;
    std::string database_;
    fs::path raw() const { return raw_.path(); }
    test::TempFolder raw_;
};

TEST_F(LegacyTest, TheSameSeedFillsItOnce) {
    auto connection = open();
    EXPECT_EQ(fill(connection, 25'000, 7), 25'000u);
    const std::string sum =
        asked("SELECT md5(string_agg(sales::text, ',' ORDER BY id)) FROM sales");
    EXPECT_EQ(fill(connection, 25'000, 7), 0u);
    EXPECT_EQ(asked("SELECT md5(string_agg(sales::text, ',' ORDER BY id)) FROM sales"), sum);
    EXPECT_EQ(asked("SELECT count(*) FROM sales WHERE total_value = quantity * unit_price"
                    " AND extract(year FROM sale_date) = 2023 AND product_id BETWEEN 101 AND 110"
                    " AND customer_id BETWEEN 1001 AND 2000 AND seller_id BETWEEN 1 AND 20"),
              "25000");
    EXPECT_EQ(asked("SELECT count(DISTINCT region) FROM sales"), "5");
    sell(1);
    EXPECT_EQ(asked("SELECT max(id) FROM sales"), "25001");
}

TEST_F(LegacyTest, ExportsAllAndThenWhatIsNewAndThenNothing) {
    auto connection = open();
    fill(connection, 500, 1);
    const auto first = export_now();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->rows, 500u);
    const std::string csv = content(first->file);
    EXPECT_EQ(csv.size(), first->bytes);
    EXPECT_EQ(csv.substr(0, csv.find('\n')),
              "id,sale_date,product_id,customer_id,quantity,unit_price,total_value,seller_id,"
              "region");
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 501);
    EXPECT_FALSE(export_now());
    sell(3);
    const auto second = export_now();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->above, 500);
    EXPECT_EQ(second->up_to, 503);
    EXPECT_EQ(second->rows, 3u);
    EXPECT_EQ(watermark_of(raw()), 503);
    const auto whole = export_now(true);
    EXPECT_EQ(whole->rows, 503u);
    EXPECT_EQ(json::parse(content("sales-all-503.json"))["mode"], "whole");
}

TEST_F(LegacyTest, ASaleWhoseTransactionEndsLateIsInTheExport) {
    auto late = open();
    std::optional<postgres::Transaction> transaction(std::in_place, late);
    late.execute(
        "INSERT INTO sales (sale_date, product_id, customer_id, quantity, unit_price, total_value,"
        " seller_id, region) VALUES ('2024-01-01', 101, 1001, 1, 1, 1, 1, 'Sul')");
    sell(4);  // Later ids, there before.
    auto exported = std::async(std::launch::async, [&] { return export_now(); });
    ASSERT_TRUE(support::await([&] {
        return asked("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareLock'") ==
               "1";
    }));
    transaction->commit();
    transaction.reset();
    EXPECT_EQ(exported.get()->rows, 5u);
}

TEST_F(LegacyTest, AnExportThatEndedBeforeItsManifestIsMadeAgain) {
    sell(2);
    std::ofstream(raw() / "sales-0-2.csv") << "half";
    EXPECT_EQ(watermark_of(raw()), 0);
    EXPECT_EQ(export_now()->rows, 2u);
    EXPECT_NE(content("sales-0-2.csv"), "half");
    EXPECT_EQ(files(), 2u);
}

TEST_F(LegacyTest, RefusesAnotherDatabaseAManifestThatIsNoneAndTheSameExportAgain) {
    sell(2);
    export_now(true);
    EXPECT_THROW(export_now(true), ExportError);
    std::ofstream(raw() / "x.json") << R"({"up_to": 99})";
    EXPECT_THROW(export_now(), ExportError);
    std::ofstream(raw() / "x.json") << "{";
    EXPECT_THROW(export_now(), ExportError);
}

TEST_F(LegacyTest, NoManifestWhenTheServerGoesAwayInTheMiddle) {
    auto connection = open();
    fill(connection, 200'000, 1);
    const auto end_it = [&](std::uint64_t) {
        postgres::Connection home({server_->url(), "test"});
        home.execute(("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
                      database_ + "' AND application_name = 'test'")
                         .c_str());
    };
    EXPECT_THROW(export_sales(settings(), raw(), false, end_it), postgres::Error);
    EXPECT_EQ(files(), 0u);
    EXPECT_EQ(export_now()->rows, 200'000u);
}

TEST_F(LegacyTest, TheProgramDoesItAll) {
    const test::TempFolder var;
    const auto legacy = [&](std::vector<std::string> words, int code) {
        words.insert(words.begin(), {ESTEIRA_BIN_DIR "/esteira-legacy", "--postgres",
                                     server_->url(), "--database", "loja", "--json", "--quiet"});
        support::ChildProcess program(
            {std::move(words), {"ESTEIRA_VAR=" + var.path()}, var.path() + "/said"});
        EXPECT_EQ(program.wait().value_or(-1), code) << program.said();
        const std::string said = program.said();
        fs::remove(var.path() + "/said");
        return said;
    };
    legacy({"init"}, 0);
    EXPECT_EQ(json::parse(legacy({"init"}, 0))["made"], false);
    EXPECT_EQ(json::parse(legacy({"fill"}, 0))["written"], 500);
    EXPECT_EQ(json::parse(legacy({"fill"}, 0))["written"], 0);
    EXPECT_EQ(json::parse(legacy({"export"}, 0))["rows"], 500);
    EXPECT_EQ(json::parse(legacy({"export"}, 0))["rows"], 0);
    EXPECT_TRUE(fs::exists(var.path() + "/lake/raw/sales/sales-0-500.csv"));
    EXPECT_EQ(json::parse(legacy({"export", "--whole"}, 0))["rows"], 500);
    legacy({"export", "--whole"}, 4);
    legacy({"export", "--raw"}, 2);
}

}  // namespace
}  // namespace esteira::legacy

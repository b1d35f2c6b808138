#include "producers/legacy_sales/export.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>

#include <nlohmann/json.hpp>

#include "common/contracts/business_time.hpp"
#include "common/lake/new_file.hpp"

namespace esteira::legacy {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

// While writers are kept out, a transaction is begun that sees all that they have done.
class Cut {
public:
    explicit Cut(const postgres::ConnectionSettings& database)
        : writers_(database), reader_(database), reading_(reader_) {
        reader_.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        postgres::Transaction keeping_out(writers_);
        writers_.execute("SET LOCAL lock_timeout = '5s'");
        writers_.execute("LOCK TABLE sales IN SHARE MODE");
        up_to_ = reader_.execute("SELECT coalesce(max(id), 0) FROM sales").integer(0, 0);
        keeping_out.commit();
    }
    std::int64_t up_to() const { return up_to_; }
    postgres::Connection& reader() { return reader_; }
    void end() { reading_.commit(); }

private:
    postgres::Connection writers_;
    postgres::Connection reader_;
    postgres::Transaction reading_;
    std::int64_t up_to_ = 0;
};

std::string now_text() {
    const auto now =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    std::string text =
        contracts::write_local_time(now, contracts::Zone::fixed(std::chrono::seconds(0)));
    text.replace(text.find(' '), 1, "T");
    return text + "Z";
}

void write_manifest(const fs::path& path, const Manifest& manifest, bool whole) {
    const Json text{{"dataset", "sales"},       {"mode", whole ? "whole" : "incremental"},
                    {"file", manifest.file},    {"above", manifest.above},
                    {"up_to", manifest.up_to},  {"rows", manifest.rows},
                    {"bytes", manifest.bytes},  {"sha256", manifest.sha256},
                    {"exported_at", now_text()}};
    lake::NewFile file(path);
    file.write(text.dump(2) + "\n");
    file.publish();
}

}  // namespace

std::int64_t watermark_of(const fs::path& folder) {
    std::int64_t watermark = 0;
    if (!fs::exists(folder)) {
        return watermark;
    }
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() != ".json" ||
            entry.path().filename().string().front() == '.') {
            continue;
        }
        const Json manifest = Json::parse(std::ifstream(entry.path()), nullptr, false);
        const auto up_to = manifest.is_object() ? manifest.find("up_to") : manifest.end();
        if (up_to == manifest.end() || !up_to->is_number_integer()) {
            throw ExportError(entry.path().string() +
                              ": is no manifest; move it away, or export the whole");
        }
        watermark = std::max(watermark, up_to->get<std::int64_t>());
    }
    return watermark;
}

std::optional<Manifest> export_sales(const postgres::ConnectionSettings& database,
                                     const fs::path& folder, bool whole,
                                     const std::function<void(std::uint64_t)>& told) {
    Manifest manifest;
    manifest.above = whole ? 0 : watermark_of(folder);
    Cut cut(database);
    manifest.up_to = cut.up_to();
    if (!whole && manifest.up_to < manifest.above) {
        throw ExportError("the newest sale is " + std::to_string(manifest.up_to) + ", and " +
                          std::to_string(manifest.above) +
                          " was exported before: another database?");
    }
    if (manifest.up_to == manifest.above) {
        return std::nullopt;
    }
    const std::string from = whole ? "all" : std::to_string(manifest.above);
    const std::string name = "sales-" + from + "-" + std::to_string(manifest.up_to);
    manifest.file = name + ".csv";
    if (fs::exists(folder / (name + ".json"))) {
        throw ExportError((folder / (name + ".json")).string() +
                          ": this was exported before; move it away to export it again");
    }
    fs::remove(folder / manifest.file);  // Of an export that ended before its manifest.
    lake::NewFile file(folder / manifest.file);
    const std::string sql =
        "COPY (SELECT id, sale_date, product_id, customer_id, quantity, unit_price, total_value,"
        " seller_id, region FROM sales WHERE id > " +
        std::to_string(manifest.above) + " AND id <= " + std::to_string(manifest.up_to) +
        " ORDER BY id) TO STDOUT (FORMAT csv, HEADER)";
    std::uint64_t lines = 0;
    cut.reader().copy_out(sql.c_str(), [&](std::string_view line) {
        file.write(line);
        ++lines;
        if (told && lines % 10'000 == 0) {
            told(lines);
        }
    });
    cut.end();
    manifest.rows = lines - 1;  // The header is no sale.
    manifest.bytes = file.bytes();
    manifest.sha256 = file.publish();
    write_manifest(folder / (name + ".json"), manifest, whole);
    return manifest;
}

}  // namespace esteira::legacy

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "common/postgres/connection.hpp"

// Sales out of the legacy database into RAW, as they are: CSV with a header, by COPY, out of one
// snapshot.
//
//   <folder>/sales-<above>-<up_to>.csv    ids above the one and up to the other; "all" for a whole
//   <folder>/sales-<above>-<up_to>.json   export. {"dataset": "sales", "mode": "whole" or
//                                         "incremental", "file", "above", "up_to", "rows",
//                                         "bytes", "sha256", "exported_at"}
//
// A file counts when its manifest is there, which is written last. The watermark is the highest
// `up_to` of all manifests: nothing else remembers how far an export came.
namespace esteira::legacy {

// What is in the folder, or comes out of the database, is not what it has to be.
struct ExportError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Manifest {
    std::string file;
    std::int64_t above = 0;
    std::int64_t up_to = 0;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::string sha256;
};

// The highest id that was exported; 0 when nothing was. Throws ExportError for a manifest that
// cannot be read.
std::int64_t watermark_of(const std::filesystem::path& folder);

// Exports what is above the watermark, or everything. Nothing: there is nothing new, and no file
// was written. Two connections, since the cut waits for writers on one (at most a few seconds, or
// postgres::Error 55P03) and the snapshot is read on the other: every id up to the cut is in it,
// also those whose transactions began earlier and ended later than others. Throws ExportError,
// postgres::Error, std::system_error; then there is no manifest.
std::optional<Manifest> export_sales(const postgres::ConnectionSettings& database,
                                     const std::filesystem::path& folder, bool whole,
                                     const std::function<void(std::uint64_t rows)>& told = {});

}  // namespace esteira::legacy

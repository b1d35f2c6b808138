#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

// What one client asked and what it was told, written before and after each call: one JSON object a
// line, flushed at once.
//
//   {"client":"p1","n":7,"op":"send","phase":"invoke","entries":[{"eid":"p1:31","sha":"..."}]}
//   {"client":"p1","n":7,"op":"send","phase":"ok","results":["ok"]}
//
// op: send; receive, with no entries before, and {"eid","sha","number","receives","message"} after;
// settle, with {"eid","number","kind","reason"}. phase: invoke, then ok, fail with a code, or
// unknown: it may have happened or not. A call that has no second line is unknown as well.
namespace esteira::kill {

class Ledger {
public:
    Ledger(const std::string& folder, std::string client);

    void invoke(const std::string& op, nlohmann::json entries);
    void ok(std::string_view key, nlohmann::json values);
    void fail(const std::string& code);
    void unknown();

    const std::string& client() const { return client_; }

private:
    void write(nlohmann::json line);

    std::string client_;
    std::ofstream out_;
    std::uint64_t number_ = 0;
    std::string op_;
};

std::string sha256(std::span<const std::byte> bytes);
// The eid stands at the start of a body, up to the first '|'.
std::string eid_of(std::span<const std::byte> body);

}  // namespace esteira::kill

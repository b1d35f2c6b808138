#include "tests/integration/kill/ledger.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include <sodium.h>

#include "common/base/bytes.hpp"

namespace esteira::kill {

Ledger::Ledger(const std::string& folder, std::string client)
    : client_(std::move(client)), out_(folder + "/" + client_ + ".jsonl") {}

void Ledger::write(nlohmann::json line) {
    line["client"] = client_;
    line["n"] = number_;
    line["op"] = op_;
    out_ << line.dump() << '\n' << std::flush;
    if (!out_) {
        throw std::runtime_error("the ledger of " + client_ + " cannot be written");
    }
}

void Ledger::invoke(const std::string& op, nlohmann::json entries) {
    ++number_;
    op_ = op;
    write({{"phase", "invoke"}, {"entries", std::move(entries)}});
}

void Ledger::ok(std::string_view key, nlohmann::json values) {
    write({{"phase", "ok"}, {std::string(key), std::move(values)}});
}

void Ledger::fail(const std::string& code) { write({{"phase", "fail"}, {"code", code}}); }

void Ledger::unknown() { write({{"phase", "unknown"}}); }

std::string sha256(std::span<const std::byte> bytes) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> sum{};
    crypto_hash_sha256(sum.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size());
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex{};
    return sodium_bin2hex(hex.data(), hex.size(), sum.data(), sum.size());
}

std::string eid_of(std::span<const std::byte> body) {
    const std::string_view text = as_text(body);
    return std::string(text.substr(0, text.find('|')));
}

}  // namespace esteira::kill

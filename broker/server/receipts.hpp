#pragma once

#include <filesystem>

#include "common/base/dialogue.hpp"

// Receipts nobody can make up: a 128-bit MAC (SipHashX-2-4, libsodium) over queue, first delivery
// number and count, under a key that is kept beside the journal. One MAC a delivery, not a message:
// who holds the receipt of one message of a delivery was given all of them.
namespace esteira::broker {

class Receipts {
public:
    using Key = Bytes16;

    explicit Receipts(const Key& key) : key_(key) {}

    // The key of `folder`/receipt.key; makes one (0600, durable) when there is none. Throws
    // std::runtime_error when it cannot be read or is not a key.
    static Receipts of_folder(const std::filesystem::path& folder);

    void seal(dialogue::Receipt& receipt) const;
    bool good(const dialogue::Receipt& receipt) const;

private:
    Bytes16 mac_of(const dialogue::Receipt& receipt) const;

    Key key_;
};

}  // namespace esteira::broker

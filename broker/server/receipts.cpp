#include "broker/server/receipts.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "common/base/bytes.hpp"

namespace esteira::broker {

namespace {

static_assert(crypto_shorthash_siphashx24_KEYBYTES == 16);
static_assert(crypto_shorthash_siphashx24_BYTES == 16);

struct Descriptor {
    int fd;
    ~Descriptor() {
        if (fd >= 0) {
            ::close(fd);
        }
    }
};

[[noreturn]] void fail(const std::filesystem::path& file) {
    throw std::system_error(errno, std::generic_category(), file.string());
}

Receipts::Key make_key(const std::filesystem::path& file) {
    Receipts::Key key{};
    randombytes_buf(key.data(), key.size());
    const std::filesystem::path fresh = file.string() + ".tmp";
    {
        const Descriptor out{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        if (out.fd < 0 || ::write(out.fd, key.data(), key.size()) != ssize_t{16} ||
            ::fsync(out.fd) != 0) {
            fail(fresh);
        }
    }
    std::filesystem::rename(fresh, file);
    const Descriptor folder{::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder.fd < 0 || ::fsync(folder.fd) != 0) {
        fail(file.parent_path());
    }
    return key;
}

}  // namespace

Receipts Receipts::of_folder(const std::filesystem::path& folder) {
    const std::filesystem::path file = folder / "receipt.key";
    const Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (in.fd < 0) {
        if (errno != ENOENT) {
            fail(file);
        }
        return Receipts(make_key(file));
    }
    std::array<std::byte, 17> bytes{};
    if (::read(in.fd, bytes.data(), bytes.size()) != ssize_t{16}) {
        throw std::runtime_error(file.string() + " is not a key of 16 bytes");
    }
    Key key{};
    std::copy_n(bytes.begin(), key.size(), key.begin());
    return Receipts(key);
}

Bytes16 Receipts::mac_of(const dialogue::Receipt& receipt) const {
    std::array<std::byte, 20> text{};
    ByteWriter writer(text);
    writer.put(receipt.queue.value);
    writer.put(receipt.first.value);
    writer.put(receipt.count);
    Bytes16 mac{};
    crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(mac.data()),
                                reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                                reinterpret_cast<const unsigned char*>(key_.data()));
    return mac;
}

void Receipts::seal(dialogue::Receipt& receipt) const { receipt.mac = mac_of(receipt); }

bool Receipts::good(const dialogue::Receipt& receipt) const {
    const Bytes16 mac = mac_of(receipt);
    return sodium_memcmp(mac.data(), receipt.mac.data(), mac.size()) == 0;
}

}  // namespace esteira::broker

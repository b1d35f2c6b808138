#include <array>

#include <zlib.h>
#include <zstd.h>

#include "common/base/check.hpp"
#include "producers/clicks/input.hpp"

namespace esteira::clicks {

namespace {

constexpr std::array<unsigned char, 2> kGzipMagic = {0x1f, 0x8b};
constexpr std::array<unsigned char, 4> kZstdMagic = {0x28, 0xb5, 0x2f, 0xfd};

template <std::size_t kSize>
bool begins_with(std::span<const char> text, const std::array<unsigned char, kSize>& magic) {
    if (text.size() < kSize) {
        return false;
    }
    for (std::size_t i = 0; i < kSize; ++i) {
        if (static_cast<unsigned char>(text[i]) != magic[i]) {
            return false;
        }
    }
    return true;
}

// One member, or several behind one another as `cat a.gz b.gz` makes them.
class Gunzip final : public Unpacker {
public:
    Gunzip() { ESTEIRA_CHECK(inflateInit2(&stream_, kGzipWindow) == Z_OK); }
    ~Gunzip() override { inflateEnd(&stream_); }
    Gunzip(const Gunzip&) = delete;
    Gunzip& operator=(const Gunzip&) = delete;

    std::size_t unpack(std::span<const char>& packed, std::span<char> room) override {
        while (true) {
            if (packed.empty() && complete_) {
                return 0;
            }
            if (complete_) {
                inflateReset(&stream_);
                complete_ = false;
            }
            stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
            stream_.avail_in = static_cast<uInt>(packed.size());
            stream_.next_out = reinterpret_cast<Bytef*>(room.data());
            stream_.avail_out = static_cast<uInt>(room.size());
            const int result = inflate(&stream_, Z_NO_FLUSH);
            packed = packed.last(stream_.avail_in);
            const std::size_t size = room.size() - stream_.avail_out;
            complete_ = result == Z_STREAM_END;
            if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
                throw InputError(std::string("the gzip data is damaged: ") +
                                 (stream_.msg == nullptr ? "no reason given" : stream_.msg));
            }
            if (size > 0 || packed.empty()) {
                return size;
            }
        }
    }
    bool complete() const override { return complete_; }

private:
    static constexpr int kGzipWindow = 15 + 16;

    z_stream stream_{};
    bool complete_ = false;
};

// One frame or several.
class Unzstd final : public Unpacker {
public:
    Unzstd() : stream_(ZSTD_createDStream(), &ZSTD_freeDStream) {
        ESTEIRA_CHECK(stream_ != nullptr);
    }

    std::size_t unpack(std::span<const char>& packed, std::span<char> room) override {
        while (true) {
            if (packed.empty() && complete_) {
                return 0;
            }
            ZSTD_inBuffer in{packed.data(), packed.size(), 0};
            ZSTD_outBuffer out{room.data(), room.size(), 0};
            const std::size_t result = ZSTD_decompressStream(stream_.get(), &out, &in);
            if (ZSTD_isError(result) != 0) {
                throw InputError(std::string("the zstd data is damaged: ") +
                                 ZSTD_getErrorName(result));
            }
            packed = packed.subspan(in.pos);
            complete_ = result == 0;
            if (out.pos > 0 || packed.empty()) {
                return out.pos;
            }
        }
    }
    bool complete() const override { return complete_; }

private:
    std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
    bool complete_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> unpacker_for(std::span<const char> beginning) {
    if (begins_with(beginning, kGzipMagic)) {
        return std::make_unique<Gunzip>();
    }
    if (begins_with(beginning, kZstdMagic)) {
        return std::make_unique<Unzstd>();
    }
    return nullptr;
}

}  // namespace esteira::clicks

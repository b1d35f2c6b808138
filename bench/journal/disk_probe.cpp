// What one durable write costs on this disk, to explain the figures of a run: write + fdatasync of
// 4 and 64 KiB at the end of a growing file, over blocks that were written before, and over such
// blocks with O_DIRECT + O_DSYNC. Prints one JSON line a layout; --dir must be the data's disk.

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr std::size_t kAlignment = 4096;

struct Layout {
    const char* name;
    bool prewritten;
    bool direct;
};
constexpr Layout kLayouts[] = {
    {"append", false, false}, {"prewritten", true, false}, {"prewritten_direct_dsync", true, true}};

[[noreturn]] void fail(const char* what) {
    throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

double now_us() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// A file that is closed and removed with this object.
class ProbeFile {
public:
    explicit ProbeFile(const std::string& dir) : path_(dir + "/disk_probe.XXXXXX") {
        descriptor_ = mkstemp(path_.data());
        if (descriptor_ < 0) {
            fail(path_.c_str());
        }
    }
    ProbeFile(const ProbeFile&) = delete;
    ProbeFile& operator=(const ProbeFile&) = delete;
    ~ProbeFile() {
        close(descriptor_);
        unlink(path_.c_str());
    }

    void reopen(int flags) {
        close(descriptor_);
        descriptor_ = open(path_.c_str(), O_RDWR | O_CLOEXEC | flags);
        if (descriptor_ < 0) {
            fail(path_.c_str());
        }
    }
    void write_at(const char* bytes, std::size_t size, std::size_t offset) const {
        if (pwrite(descriptor_, bytes, size, static_cast<off_t>(offset)) !=
            static_cast<ssize_t>(size)) {
            fail("write");
        }
    }
    void sync() const {
        if (fdatasync(descriptor_) != 0) {
            fail("fdatasync");
        }
    }

private:
    std::string path_;
    int descriptor_ = -1;
};

void probe(const std::string& dir, const Layout& layout, std::size_t size, std::size_t writes) {
    const std::unique_ptr<char, decltype(&std::free)> block(
        static_cast<char*>(std::aligned_alloc(kAlignment, size)), &std::free);
    if (!block) {
        fail("aligned_alloc");
    }
    std::memset(block.get(), 'e', size);
    ProbeFile file(dir);
    if (layout.prewritten) {
        for (std::size_t i = 0; i < writes; ++i) {
            file.write_at(block.get(), size, i * size);
        }
        file.sync();
    }
    if (layout.direct) {
        file.reopen(O_DIRECT | O_DSYNC);
    }
    std::vector<double> samples(writes);
    double sum = 0;
    for (std::size_t i = 0; i < writes; ++i) {
        const double start = now_us();
        file.write_at(block.get(), size, i * size);
        if (!layout.direct) {
            file.sync();
        }
        samples[i] = now_us() - start;
        sum += samples[i];
    }
    std::sort(samples.begin(), samples.end());
    std::printf(
        "{\"layout\":\"%s\",\"bytes\":%zu,\"writes\":%zu,\"mean_us\":%.1f,\"p50_us\":%.1f,"
        "\"p99_us\":%.1f}\n",
        layout.name, size, writes, sum / static_cast<double>(writes), samples[writes / 2],
        samples[writes * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
    std::string dir = ".";
    std::size_t writes = 2'000;
    CLI::App app{"What one durable write costs on this disk"};
    app.add_option("--dir", dir, "folder on the disk to probe")->capture_default_str();
    app.add_option("--writes", writes, "writes a layout")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        for (const std::size_t size : {std::size_t{4'096}, std::size_t{65'536}}) {
            for (const Layout& layout : kLayouts) {
                probe(dir, layout, size, writes);
            }
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "disk_probe: %s\n", error.what());
        return 1;
    }
    return 0;
}

#include "bench/support/processes.hpp"

#include <cmath>
#include <cstdio>
#include <memory>
#include <new>
#include <stdexcept>

#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace esteira::bench {

namespace {

struct Unmap {
    void operator()(RunTimes* times) const { munmap(times, sizeof(RunTimes)); }
};

std::unique_ptr<RunTimes, Unmap> map_times() {
    void* memory =
        mmap(nullptr, sizeof(RunTimes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        throw std::runtime_error("mmap failed");
    }
    return std::unique_ptr<RunTimes, Unmap>(new (memory) RunTimes);
}

[[noreturn]] void run_child(const std::function<void(RunTimes&)>& produce, RunTimes& times) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int code = 0;
    try {
        produce(times);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "producer: %s\n", error.what());
        code = 1;
    }
    _exit(code);
}

double cpu_us(int who) {
    rusage usage{};
    getrusage(who, &usage);
    const auto us = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
    };
    return us(usage.ru_utime) + us(usage.ru_stime);
}

double rounded(double value) { return std::round(value * 100) / 100; }

}  // namespace

RunTimes run_both(const std::function<void(RunTimes&)>& produce,
                  const std::function<void(RunTimes&)>& consume) {
    const auto times = map_times();
    const pid_t child = fork();
    if (child < 0) {
        throw std::runtime_error("fork failed");
    }
    if (child == 0) {
        run_child(produce, *times);
    }
    int status = 0;
    try {
        consume(*times);
    } catch (...) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        throw;
    }
    waitpid(child, &status, 0);
    if (status != 0) {
        throw std::runtime_error("the producer failed");
    }
    return *times;
}

void set_exact_timers() { prctl(PR_SET_TIMERSLACK, 1'000); }

void report(const std::string& peer, const Load& load, const RunTimes& times, Ledger& ledger) {
    const auto count = static_cast<double>(load.count);
    const double wall_s = static_cast<double>(times.last_settle - times.first_send) / 1e9;
    const double send_s = static_cast<double>(times.last_answer - times.first_send) / 1e9;
    const double p50 = ledger.percentile_us(0.50);
    const double p99 = ledger.percentile_us(0.99);
    if (!load.json) {
        std::printf("%s: %.0f msg/s (sent at %.0f msg/s), p50 %.0f us, p99 %.0f us\n", peer.c_str(),
                    count / wall_s, count / send_s, p50, p99);
        return;
    }
    const nlohmann::ordered_json line = {
        {"peer", peer},
        {"mode", load.mode},
        {"batch", load.batch},
        {"inflight", load.inflight},
        {"receive", load.receive},
        {"receives", load.receives},
        {"count", load.count},
        {"rate", load.rate},
        {"body", load.body},
        {"msg_s", std::round(count / wall_s)},
        {"send_msg_s", std::round(count / send_s)},
        {"p50_us", rounded(p50)},
        {"p99_us", rounded(p99)},
        {"p999_us", rounded(ledger.percentile_us(0.999))},
        {"producer_cpu_us", rounded(cpu_us(RUSAGE_CHILDREN) / count)},
        {"consumer_cpu_us", rounded(cpu_us(RUSAGE_SELF) / count)},
        {"distinct", ledger.distinct()},
        {"repeated", ledger.repeated()},
    };
    std::printf("%s\n", line.dump().c_str());
}

}  // namespace esteira::bench

#include "broker/journal/local/inspect.hpp"

#include <algorithm>
#include <map>

#include "broker/journal/local/segment_reader.hpp"

namespace esteira::journal {

namespace {

class Inspection {
public:
    Inspection(Disk& disk, const std::function<void(const InspectedFrame&)>& each)
        : disk_(disk), each_(each) {}

    LogReport run() {
        for (const std::string& name : disk_.list("journal")) {
            const auto chunk = chunk_of_name(name);
            if (chunk || number_of_spare(name)) {
                sort_in("journal/" + name, chunk.value_or(0));
            }
        }
        for (auto at = begun_.begin(); at != begun_.end(); ++at) {
            const auto next = std::next(at);
            walk(at->second, next == begun_.end() ? nullptr : &next->second.header);
        }
        judge_chain();
        std::move(unused_.begin(), unused_.end(), std::back_inserter(log_.segments));
        return std::move(log_);
    }

private:
    struct Begun {
        SegmentHeader header;
        SegmentReport report;
    };

    void sort_in(const std::string& name, std::uint32_t chunk) {
        const File file = disk_.open(name, Disk::Access::read);
        Sector sector{};
        SegmentHeader header;
        const std::size_t count = file.read(sector, 0);
        const HeaderState state = decode(std::span(sector).first(count), header);
        SegmentReport report;
        report.name = name;
        report.file_bytes = file.size();
        report.chunk = header.chunk;
        if (state == HeaderState::good && chunk != 0 && header.chunk == chunk) {
            begun_[chunk] = {header, std::move(report)};
            return;
        }
        report.verdict = Verdict::unused;
        report.reason = "set aside";
        reader_.start(file, static_cast<std::uint32_t>(report.file_bytes));
        const bool unused = state == HeaderState::blank || header.chunk == 0;
        if (state == HeaderState::newer) {
            report.verdict = Verdict::damaged;
            report.reason = "written by a newer release";
        } else if (chunk != 0 &&
                   (state == HeaderState::bad || (unused && !holds_no_frame(reader_)))) {
            report.verdict = Verdict::damaged;
            report.reason = "the segment header does not fit";
        }
        unused_.push_back(std::move(report));
    }

    void walk(Begun& segment, const SegmentHeader* next) {
        SegmentReport& report = segment.report;
        const bool sealed = next != nullptr && next->before_chunk == report.chunk;
        const auto file_bytes = static_cast<std::uint32_t>(report.file_bytes);
        const std::uint32_t limit = sealed ? std::min(next->before_end, file_bytes) : file_bytes;
        const File file = disk_.open(report.name, Disk::Access::read);
        const std::uint32_t seed = seed_of(segment.header.epoch);
        reader_.start(file, file_bytes);
        FrameWalk frames(reader_, seed, limit, segment.header.batch);
        report.first_batch = segment.header.batch + 1;
        while (const auto frame = frames.next()) {
            count(report, *frame);
            if (each_) {
                each_({report.chunk, frame->at, frame->header, frame->payload});
            }
        }
        report.last_batch = frames.batch();
        report.at = frames.at();
        if (sealed && (report.at != next->before_end || report.last_batch != next->batch)) {
            report.verdict = Verdict::damaged;
            report.reason = "a later segment proves that it was durable";
        } else if (sealed && next->before_epoch != segment.header.epoch) {
            report.verdict = Verdict::damaged;
            report.reason = "its successor names another one";
        } else if (next == nullptr) {
            judge_tail(report, seed);
        }
        log_.segments.push_back(report);
    }

    void count(SegmentReport& report, const FrameWalk::Frame& frame) {
        if (report.frames++ == 0) {
            report.first_time = frame.header.time;
        }
        report.last_time = frame.header.time;
        const bool state = frame.header.kind == FrameKind::state;
        (state ? report.state_bytes : report.event_bytes) += frame.payload.size();
        log_.first_chunk = std::max(log_.first_chunk, frame.header.first_chunk);
    }

    void judge_tail(SegmentReport& report, std::uint32_t seed) {
        const auto finding = examine_tail(reader_, seed, report.at);
        if (finding.proven_by) {
            report.verdict = Verdict::damaged;
            report.reason = "the frame at offset " + std::to_string(*finding.proven_by) +
                            " proves that it was durable";
        } else if (finding.evidence_end > report.at) {
            report.verdict = Verdict::torn;
            report.reason = "nothing proves that the rest was durable";
        }
    }

    // The chunks from the oldest needed one to the newest must all be there.
    void judge_chain() {
        if (begun_.empty()) {
            return;
        }
        log_.first_chunk = std::max(log_.first_chunk, begun_.rbegin()->second.header.first_chunk);
        std::uint32_t expected = begun_.rbegin()->first;
        for (auto at = begun_.rbegin(); at != begun_.rend() && at->first == expected; ++at) {
            --expected;
        }
        if (expected >= log_.first_chunk) {
            log_.reason =
                segment_name(expected) + ": this segment is missing, and the log needs it";
        }
        for (SegmentReport& report : log_.segments) {
            if (report.chunk < log_.first_chunk) {
                report.verdict = Verdict::unused;
                report.reason = "not needed any more";
            }
        }
        for (SegmentReport& report : unused_) {
            if (report.verdict == Verdict::unused && report.chunk > expected) {
                report.verdict = Verdict::damaged;
                report.reason = "holds a chunk of the log under another name";
            }
        }
    }

    Disk& disk_;
    const std::function<void(const InspectedFrame&)>& each_;
    SegmentReader reader_;
    std::map<std::uint32_t, Begun> begun_;
    std::vector<SegmentReport> unused_;
    LogReport log_;
};

}  // namespace

bool LogReport::sound() const {
    return reason.empty() && std::none_of(segments.begin(), segments.end(), [](const auto& s) {
               return s.verdict == Verdict::damaged;
           });
}

LogReport inspect(Disk& disk, const std::function<void(const InspectedFrame&)>& each) {
    return Inspection(disk, each).run();
}

}  // namespace esteira::journal

// What goes wrong with the disk of a simulated broker.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "broker/journal/local/format.hpp"
#include "tests/simulation/world.hpp"

namespace esteira::simulation {

void World::arm_faults() {
    if (draw_.chance(parameters_.crash)) {
        const bool torn = draw_.chance(400);
        counters_.add(Sometimes::torn_write, torn);
        disk_.crash_at_call(draw_.from_to(1, draw_.chance(500) ? 3 : 30), torn);
    }
    if (draw_.chance(parameters_.failed_sync)) {
        counters_.add(Sometimes::failed_sync);
        device_may_fail_ = true;
        disk_.fail_next_sync(draw_.chance(500) ? EIO : ENOSPC);
    }
    if (draw_.chance(parameters_.short_write)) {
        counters_.add(Sometimes::short_write);
        device_may_fail_ = true;
        disk_.shorten_next_write(limits::kSectorBytes * draw_.below(4));  // A sector is atomic.
    }
    if (full_ ? draw_.chance(100) : draw_.chance(parameters_.full_disk)) {
        full_ = !full_;
        device_may_fail_ = true;  // Once the reserve is used up.
        was_full_ = true;
        if (full_) {
            disk_.limit_room(std::uint64_t{parameters_.segment_bytes} * draw_.below(5));
        } else {
            disk_.unlimit_room();
        }
    }
}

void World::flip_a_body() {
    const std::size_t messages = model_.message_count();
    if (messages == 0) {
        return;
    }
    const MessageId id =
        model_.body_of(messages - draw_.below(std::min<std::size_t>(messages, 40)));
    if (model_.message(id).sent != Model::Message::Sent::yes) {
        return;
    }
    std::vector<std::byte> body(model_.message(id).bytes);
    fill_body(model_.body_of(id), body);
    const journal::Stats stats = journal_->stats();
    for (std::uint32_t chunk = stats.first_chunk; chunk <= stats.open_chunk; ++chunk) {
        const std::string file = journal::segment_name(chunk);
        if (!disk_.exists(file)) {
            continue;
        }
        const auto bytes = disk_.content(file);
        const auto* found = static_cast<const std::byte*>(
            ::memmem(bytes.data(), log_end(chunk, false), body.data(), body.size()));
        if (found == nullptr) {
            continue;
        }
        const std::uint64_t at = static_cast<std::uint64_t>(found - bytes.data());
        const std::uint64_t bit = (at + draw_.below(body.size())) * 8 + draw_.below(8);
        disk_.flip_bit(file, bit);
        flips_.push_back({file, bit});
        model_.damaged(id);
        return;
    }
}

// A start would refuse what was flipped; that is asked for elsewhere.
void World::undo_flips() {
    std::erase_if(flips_, [this](const Flip& flip) {
        // The rest of a cut segment is given back, and what was flipped there with it.
        const bool there =
            disk_.exists(flip.file) && flip.bit / 8 < disk_.content(flip.file).size();
        if (there) {
            disk_.flip_bit(flip.file, flip.bit);
        }
        return there;  // A file that was recycled may come back with the next loss of power.
    });
}

// Where the log ends in a chunk: its successor says so, else its frames do. With `proven`, where
// the last frame begins that nothing follows: a later one proves that the bytes before are durable.
std::uint32_t World::log_end(std::uint32_t chunk, bool proven) const {
    const std::string next = journal::segment_name(chunk + 1);
    journal::SegmentHeader header;
    if (disk_.exists(next) &&
        journal::decode(disk_.content(next), header) == journal::HeaderState::good &&
        header.before_chunk == chunk) {
        return header.before_end;
    }
    const auto bytes = disk_.content(journal::segment_name(chunk));
    if (journal::decode(bytes, header) != journal::HeaderState::good) {
        return 0;
    }
    const std::uint32_t seed = journal::seed_of(header.epoch);
    std::uint32_t at = limits::kSectorBytes;
    std::uint32_t last = at;
    while (at < bytes.size()) {
        const auto frame = journal::read_frame_header(std::span(bytes).subspan(at), seed);
        if (!frame) {
            break;
        }
        last = at;
        at += frame->bytes();
    }
    return proven ? last : at;
}

void World::stop_with_damage() {
    undo_flips();
    try {
        journal_->mark();
        watched_->note_frames();
        released_batch_ = journal_->stats().batch;
    } catch (const journal::DeviceFailed& failed) {
        watched_->note_frames();
        expect(device_may_fail_, failed.what());
        return died(false);
    } catch (const journal::SimCrash&) {
        watched_->note_frames();
        return died(false);
    }
    const journal::Stats stats = journal_->stats();
    end(false);
    const std::string newest = journal::segment_name(stats.open_chunk);
    if (!disk_.exists(newest)) {
        return;  // Nothing was written since the last start: no mark.
    }
    const auto pick = [&] { return draw_.from_to(stats.first_chunk, stats.open_chunk); };
    const std::uint32_t chunk = pick();
    const std::string file = journal::segment_name(chunk);
    const std::uint32_t proven = log_end(chunk, true);
    const auto before = disk_.content(file);
    const bool stale = draw_.chance(300);
    auto after = before;
    if (stale) {
        const std::uint32_t source_chunk = pick();
        const auto source = disk_.content(journal::segment_name(source_chunk));
        const std::uint32_t sectors = proven / limits::kSectorBytes;
        const std::uint32_t to = limits::kSectorBytes * draw_.below(sectors);
        const std::uint64_t from =
            limits::kSectorBytes * std::uint64_t{draw_.below(source.size() / limits::kSectorBytes)};
        std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(from), limits::kSectorBytes,
                    after.begin() + to);
    } else {
        after[draw_.below(proven)] ^= static_cast<std::byte>(1U << draw_.below(8));
    }
    if (after == before) {
        return;
    }
    disk_.set_content(file, after);
    try {
        open();
        throw Violation("damage in " + file + " was passed over");
    } catch (const journal::Damaged&) {
        counters_.add(stale ? Sometimes::stale_sector_refused : Sometimes::damage_refused);
    }
    end(false);
    disk_.set_content(file, before);
}

}  // namespace esteira::simulation

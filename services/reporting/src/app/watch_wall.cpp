#include "app/watch_wall.h"

#include <algorithm>

namespace prepay::reporting {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

bool send_in_chunks(const WatchSink& sink, bool snapshot, const std::vector<WallImage::Row>& rows,
                    std::size_t chunk_max) {
    for (std::size_t first = 0; first < rows.size(); first += chunk_max) {
        const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
        const auto count = std::min(chunk_max, rows.size() - first);
        if (!sink.send(snapshot, {begin, begin + static_cast<std::ptrdiff_t>(count)})) {
            return false;
        }
    }
    return true;
}

}  // namespace

void watch_wall(const WallImage& image, const std::string& site_id, const WatchOptions& options,
                const WatchSink& sink) {
    WallImage::Changes changes = image.changes_since(0, site_id);
    if (changes.rows.empty() && !sink.send(true, {})) {
        return;
    }
    if (!send_in_chunks(sink, true, changes.rows, options.chunk_max) || !sink.send(false, {})) {
        return;
    }
    SteadyTime last_send = std::chrono::steady_clock::now();
    SteadyTime next_changes = last_send + options.change_interval;
    while (!sink.is_cancelled()) {
        const SteadyTime now = std::chrono::steady_clock::now();
        if (now < next_changes) {
            // Too early for more: number 0 would return at once, so wait for nothing.
            image.wait_for_change(
                UINT64_MAX,
                std::chrono::duration_cast<Duration>(std::min<std::chrono::steady_clock::duration>(
                    next_changes - now, options.cancel_check_interval)));
            continue;
        }
        if (image.wait_for_change(changes.change_number, options.cancel_check_interval)) {
            changes = image.changes_since(changes.change_number, site_id);
            if (!send_in_chunks(sink, false, changes.rows, options.chunk_max)) {
                return;
            }
            if (!changes.rows.empty()) {
                last_send = std::chrono::steady_clock::now();
                next_changes = last_send + options.change_interval;
            }
        }
        if (std::chrono::steady_clock::now() - last_send >= options.heartbeat_interval) {
            if (!sink.send(false, {})) {
                return;
            }
            last_send = std::chrono::steady_clock::now();
        }
    }
}

}  // namespace prepay::reporting

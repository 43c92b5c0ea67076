#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "app/wall_image.h"

namespace prepay::reporting {

struct WatchOptions {
    std::size_t chunk_max = 200;                         ///< Rooms a message.
    std::chrono::milliseconds change_interval{1000};     ///< Between messages with changes.
    std::chrono::milliseconds heartbeat_interval{5000};  ///< A message at least this often.
    std::chrono::milliseconds cancel_check_interval{250};
};

/// One watcher's sink. Both may block as long as the client is slow; nobody else waits for them.
struct WatchSink {
    /// false = the client is gone.
    std::function<bool(bool snapshot, const std::vector<WallImage::Row>& rows)> send;
    std::function<bool()> is_cancelled;
};

/// Sends the whole wall of a site in chunks (one empty chunk when it has no rooms), then a
/// heartbeat that marks the snapshot complete, then changed rooms and heartbeats until the client
/// is gone. What changes while a message is on its way is merged into the next one.
void watch_wall(const WallImage& image, const std::string& site_id, const WatchOptions& options,
                const WatchSink& sink);

}  // namespace prepay::reporting

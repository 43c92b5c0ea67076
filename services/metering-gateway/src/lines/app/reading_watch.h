#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "lines/app/line_park.h"
#include "lines/domain/reading_progress.h"

namespace prepay::metering {

/// What a ReadingWatch looks at and sets; all of it outlives the watch.
struct ReadingWatchContext {
    const Clock& clock;
    const GatewayMetrics& metrics;
    const LinePark& park;
    const ReadingSpool& spool;
    std::function<bool()> is_store_up;
    std::function<std::chrono::steady_clock::time_point()> last_call;  ///< Ended (Seen::last_call).
    std::function<void(const std::string& what)> give_up;              ///< When nothing goes on.
};

/// Looks at intervals whether all enabled lines go on and what was read is stored, and sets the
/// gauges of it.
class ReadingWatch {
public:
    ReadingWatch(ReadingWatchContext context, ReadingProgressOptions options)
        : context_(std::move(context)), progress_(options) {}

    /// One look; call it every `look_interval`, always from the same thread.
    void look();
    /// Reason READINGS_STALLED. From any thread.
    [[nodiscard]] Status readiness() const;

private:
    [[nodiscard]] Status judge() const;

    const ReadingWatchContext context_;
    ReadingProgress progress_;  // By look() only.
    mutable std::mutex mutex_;
    Status standing_;
};

}  // namespace prepay::metering

#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "lines/app/line_park.h"
#include "lines/domain/reading_progress.h"

namespace prepay::metering {

/// Looks at intervals whether all enabled lines are read and what was read is stored, and sets the
/// gauges of it. Thread-safe.
class ReadingWatch {
public:
    /// `give_up` is called when a line stands for good.
    using GiveUp = std::function<void(const std::string& what)>;

    ReadingWatch(const LinePark& park, const LineContext& context, ReadingProgressOptions options,
                 GiveUp give_up)
        : park_(park),
          context_(context),
          give_up_(std::move(give_up)),
          progress_(std::move(options)) {}

    /// One look; call it every `look_interval`.
    void look();
    /// Reason READINGS_STALLED.
    [[nodiscard]] Status readiness() const;

private:
    [[nodiscard]] Status judge() const;

    const LinePark& park_;
    const LineContext context_;
    const GiveUp give_up_;
    ReadingProgress progress_;  // By look() only.
    mutable std::mutex mutex_;
    Status standing_;
};

}  // namespace prepay::metering

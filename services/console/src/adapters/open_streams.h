#pragma once

#include <atomic>
#include <memory>

#include "metrics.h"

namespace prepay::console {

/// Counts the streams and downloads at the edge, so that they leave connections for everything
/// else.
class OpenStreams {
public:
    OpenStreams(int stream_max, const ConsoleMetrics& metrics)
        : stream_max_(stream_max), metrics_(metrics) {}

    /// A place that is free again when the pointer goes; null when all are taken.
    std::shared_ptr<void> take() {
        if (++count_ > stream_max_) {
            --count_;
            metrics_.count_refusal("streams");
            return nullptr;
        }
        metrics_.add_open_streams(1);
        return {this, [](OpenStreams* streams) {
                    streams->metrics_.add_open_streams(-1);
                    --streams->count_;
                }};
    }

    /// The edge is stopping: every stream ends at its next look here.
    void end_all() { ending_ = true; }
    [[nodiscard]] bool are_ending() const { return ending_; }

private:
    const int stream_max_;
    const ConsoleMetrics& metrics_;
    std::atomic<int> count_{0};
    std::atomic<bool> ending_{false};
};

}  // namespace prepay::console

#pragma once

#include <mutex>
#include <string>

#include "core/time.h"
#include "domain/refusal_sums.h"
#include "metrics.h"

namespace prepay::console {

/// Counts every log-in and writes every refused one to the log, summed up by address where there
/// are many. Never the name: people type passwords into it. Thread-safe.
class LogInWatch {
public:
    LogInWatch(const ConsoleMetrics& metrics, const Clock& clock)
        : metrics_(metrics), clock_(clock) {}

    void accepted();
    void refused(const std::string& client, const std::string& outcome);
    /// Writes the sums whose time has come; all of them with `everything`.
    void sweep(bool everything = false);

private:
    const ConsoleMetrics& metrics_;
    const Clock& clock_;
    std::mutex mutex_;
    RefusalSums sums_;
};

}  // namespace prepay::console

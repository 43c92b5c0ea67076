#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "devices/domain/meter.h"
#include "holds/domain/meter_state.h"
#include "readings/domain/plausibility.h"
#include "readings/domain/reading.h"

namespace prepay::metering {

/// What one sweep of a line brings, stored and published in one transaction.
struct LineBatch {
    std::string line_id;
    std::string trace_id;  ///< Of all the events of this sweep.
    std::vector<Reading> readings;
    std::vector<MeterStateChange> state_changes;
    std::vector<RejectedReading> rejected;
    std::vector<QuarantineSight> sights;
    std::chrono::steady_clock::time_point spool_time{};  ///< Set by the spool.
    [[nodiscard]] bool empty() const {
        return readings.empty() && state_changes.empty() && rejected.empty() && sights.empty();
    }
};

/// Where sweeps go. UNAVAILABLE = try again with the same batches; writing a batch twice changes
/// nothing.
class BatchStore {
public:
    virtual ~BatchStore() = default;
    virtual Status write(const std::vector<LineBatch>& batches) = 0;
};

/// The registers of the meters that are being read. Thread-safe.
class LiveRegisters {
public:
    virtual ~LiveRegisters() = default;
    /// Limits for imports.
    [[nodiscard]] virtual PlausibilityLimits limits(const MeterConfig& config) const = 0;
    /// Goes on from a newer base that came in by import.
    virtual void advance_base(const std::string& meter_id, const ReadingBase& base) = 0;
};

}  // namespace prepay::metering

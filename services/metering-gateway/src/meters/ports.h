#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "devices/domain/meter.h"
#include "meters/app/meter_diagnostics.h"
#include "meters/app/meter_track.h"

namespace prepay::metering {

/// Answer to a read on demand.
struct DemandResult {
    std::optional<MeterValues> values;
    std::vector<Frame> frames;
    ReadingFault fault = ReadingFault::kNone;
};

/// The meters as their lines read them. Thread-safe.
class LiveMeters {
public:
    virtual ~LiveMeters() = default;
    /// Adds a meter or changes its settings; its pack must be in the library.
    virtual void put_meter(const MeterConfig& config, const MeterMemory& memory) = 0;
    /// Waits for the answer. Reasons LINE_LOST, LINE_DISABLED, METER_SILENT, METER_EXCEPTION,
    /// METER_BUSY, BAD_REPLY, UNKNOWN_METER, READ_TIMEOUT.
    virtual Result<DemandResult> read_now(const std::string& meter_id,
                                          std::chrono::milliseconds timeout) = 0;
    /// What a meter did. Reasons UNKNOWN_METER, READ_TIMEOUT.
    virtual Result<DiagnosticsReport> report(const std::string& meter_id,
                                             std::chrono::milliseconds timeout) = 0;
    /// A person decided about a meter's register, see MeterTrack.
    virtual void leave_quarantine(const std::string& meter_id,
                                  const std::optional<ReadingBase>& base,
                                  const std::optional<Suspicion>& discarded) = 0;
};

}  // namespace prepay::metering

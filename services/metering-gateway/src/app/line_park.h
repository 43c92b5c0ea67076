#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "app/line_worker.h"
#include "app/pack_library.h"

namespace prepay::metering {

/// All lines of this gateway and where each meter hangs. Thread-safe.
class LinePark {
public:
    /// Lines are spread over the loops, which outlive the park.
    LinePark(const LineContext& context, const PackLibrary& packs, std::vector<LineLoop*> loops);
    ~LinePark();

    /// Adds lines and meters, or changes their settings. Meters' packs must be in the library.
    void put_line(const LineConfig& config);
    void put_meter(const MeterConfig& config, const MeterMemory& memory);

    /// Sets all lines to work, and those added later.
    void start();
    /// Waits for the requests in flight and ends all lines; what was read is in the spool then.
    void stop();

    [[nodiscard]] std::optional<MeterConfig> find_meter(const std::string& meter_id) const;
    [[nodiscard]] bool has_line(const std::string& line_id) const;
    [[nodiscard]] LineStatus line_status(const std::string& line_id) const;
    /// Limits for imports.
    [[nodiscard]] PlausibilityLimits limits(const MeterConfig& config) const;
    [[nodiscard]] const DriverPack* pack_of(const MeterConfig& config) const;

    void submit(const Command& command, bool resolve);
    void withdraw(const std::string& line_id, const std::string& command_id);
    /// Waits for the answer. Reasons as LineWorker's, and READ_TIMEOUT.
    Result<DemandResult> read_now(const std::string& meter_id, std::chrono::milliseconds timeout);
    void advance_base(const std::string& meter_id, const ReadingBase& base);
    void leave_quarantine(const std::string& meter_id, const std::optional<ReadingBase>& base,
                          const std::optional<Suspicion>& discarded);
    /// Reasons UNKNOWN_METER, READ_TIMEOUT.
    Result<DiagnosticsReport> report(const std::string& meter_id,
                                     std::chrono::milliseconds timeout);
    /// Sets the gauges of lines and meters.
    void publish_metrics() const;

private:
    LineWorker* worker_of(const std::string& line_id) const;

    const LineContext context_;
    const PackLibrary& packs_;
    const std::vector<LineLoop*> loops_;
    mutable std::shared_mutex mutex_;
    std::map<std::string, std::unique_ptr<LineWorker>> lines_;
    std::map<std::string, MeterConfig> meters_;
    bool started_ = false;
};

}  // namespace prepay::metering

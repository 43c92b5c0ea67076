#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "commands/ports.h"
#include "devices/app/pack_library.h"
#include "devices/ports.h"
#include "lines/app/line_worker.h"
#include "lines/domain/reading_progress.h"
#include "meters/ports.h"
#include "readings/ports.h"

namespace prepay::metering {

/// All lines of this gateway and where each meter hangs. Thread-safe.
class LinePark final : public MeterDirectory,
                       public LiveRegisters,
                       public LiveMeters,
                       public OrderLines {
public:
    /// Lines are spread over the loops, which outlive the park.
    LinePark(const LineContext& context, const PackLibrary& packs, std::vector<LineLoop*> loops);
    ~LinePark() override;

    /// Adds a line or changes its settings.
    void put_line(const LineConfig& config);
    void put_meter(const MeterConfig& config, const MeterMemory& memory) override;

    /// Sets all lines to work, and those added later.
    void start();
    /// Waits for the requests in flight and ends all lines; what was read is in the spool then.
    void stop();

    [[nodiscard]] std::optional<MeterConfig> find_meter(const std::string& meter_id) const override;
    [[nodiscard]] const DriverPack* pack_of(const MeterConfig& config) const override;
    [[nodiscard]] bool has_line(const std::string& line_id) const;
    [[nodiscard]] LineStatus line_status(const std::string& line_id) const;
    [[nodiscard]] PlausibilityLimits limits(const MeterConfig& config) const override;

    void submit(const Command& command, bool resolve) override;
    void withdraw(const std::string& line_id, const std::string& command_id) override;
    Result<DemandResult> read_now(const std::string& meter_id,
                                  std::chrono::milliseconds timeout) override;
    void advance_base(const std::string& meter_id, const ReadingBase& base) override;
    void leave_quarantine(const std::string& meter_id, const std::optional<ReadingBase>& base,
                          const std::optional<Suspicion>& discarded) override;
    Result<DiagnosticsReport> report(const std::string& meter_id,
                                     std::chrono::milliseconds timeout) override;
    /// Sets the gauges of lines and meters.
    void publish_metrics() const;

    struct Reads {
        std::vector<ReadingProgress::Line> due;  ///< Of the enabled lines.
        std::optional<Instant> oldest_good;  ///< Of those that were heard, the longest silent one.
    };
    [[nodiscard]] Reads reads() const;

private:
    LineWorker* worker_of(const std::string& line_id) const;
    LineWorker* worker_of_meter(const std::string& meter_id) const;

    const LineContext context_;
    const PackLibrary& packs_;
    const std::vector<LineLoop*> loops_;
    mutable std::shared_mutex mutex_;
    std::map<std::string, std::unique_ptr<LineWorker>> lines_;
    std::map<std::string, MeterConfig> meters_;
    bool started_ = false;
};

}  // namespace prepay::metering

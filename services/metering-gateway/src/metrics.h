#pragma once

#include <array>
#include <vector>

#include "commands/domain/command.h"
#include "protocols/domain/protocol.h"
#include "readings/domain/plausibility.h"
#include "telemetry/metrics.h"

namespace prepay::metering {

/// Every metric of the gateway. Thread-safe. The methods are inline so that app/ needs no more than
/// this header.
class GatewayMetrics {
public:
    explicit GatewayMetrics(telemetry::Metrics& metrics);

    void transaction_done(double seconds) const { transaction_seconds_.observe(seconds); }
    void read_good() const { reads_good_.add(); }
    void read_timeout() const { reads_timeout_.add(); }
    void read_exception() const { reads_exception_.add(); }
    void read_bad_frame(FrameFault fault) const {
        bad_frames_[static_cast<std::size_t>(fault)].add();
    }
    void read_disconnected() const { reads_disconnected_.add(); }
    void reading_rejected(ReadingFault fault) const {
        rejected_[static_cast<std::size_t>(fault)].add();
    }
    void readings_stored(std::size_t count) const { stored_.add(static_cast<double>(count)); }
    void readings_imported(std::size_t count) const { imported_.add(static_cast<double>(count)); }
    void command_finished(CommandState state) const {
        commands_[static_cast<std::size_t>(state)].add();
    }
    /// From the command's row to the last byte of its first attempt.
    void command_sent(double seconds) const { command_send_seconds_.observe(seconds); }
    void sweep_done(double seconds) const { sweep_seconds_.observe(seconds); }
    void spool_size(std::size_t readings) const { spool_.set(static_cast<double>(readings)); }
    void spool_dropped(std::size_t readings) const { dropped_.add(static_cast<double>(readings)); }
    void spool_age(double seconds) const { spool_age_.set(seconds); }
    /// For how long the line that is late most has had a read due and done nothing.
    void read_late(double seconds) const { read_late_.set(seconds); }
    /// Since the last good reading of the line that has been silent longest.
    void reading_age(double seconds) const { reading_age_.set(seconds); }
    void lines(int online, int lost) const {
        lines_online_.set(online);
        lines_lost_.set(lost);
    }
    void quarantined(int meters) const { quarantined_.set(meters); }
    void meters(int online, int lost) const {
        meters_online_.set(online);
        meters_lost_.set(lost);
    }

private:
    telemetry::Histogram transaction_seconds_;
    telemetry::Counter reads_good_;
    telemetry::Counter reads_timeout_;
    telemetry::Counter reads_exception_;
    telemetry::Counter reads_disconnected_;
    std::vector<telemetry::Counter> bad_frames_;
    std::vector<telemetry::Counter> rejected_;
    telemetry::Counter stored_;
    telemetry::Counter imported_;
    std::vector<telemetry::Counter> commands_;
    telemetry::Histogram command_send_seconds_;
    telemetry::Histogram sweep_seconds_;
    telemetry::Gauge spool_;
    telemetry::Counter dropped_;
    telemetry::Gauge lines_online_;
    telemetry::Gauge lines_lost_;
    telemetry::Gauge meters_online_;
    telemetry::Gauge meters_lost_;
    telemetry::Gauge quarantined_;
    telemetry::Gauge spool_age_;
    telemetry::Gauge read_late_;
    telemetry::Gauge reading_age_;
};

}  // namespace prepay::metering

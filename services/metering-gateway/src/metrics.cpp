#include "metrics.h"

namespace prepay::metering {
namespace {

constexpr const char* kReadsName = "prepay_metering_reads_total";
constexpr const char* kReadsHelp = "Requests to meters by outcome.";

std::string lower(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

}  // namespace

GatewayMetrics::GatewayMetrics(telemetry::Metrics& metrics)
    : transaction_seconds_(
          metrics.histogram("prepay_metering_transaction_duration_seconds",
                            "One request and its reply on a line; one in 16 is timed.")),
      reads_good_(metrics.counter(kReadsName, kReadsHelp, {{"outcome", "good"}})),
      reads_timeout_(metrics.counter(kReadsName, kReadsHelp, {{"outcome", "timeout"}})),
      reads_exception_(metrics.counter(kReadsName, kReadsHelp, {{"outcome", "exception"}})),
      reads_disconnected_(metrics.counter(kReadsName, kReadsHelp, {{"outcome", "disconnected"}})),
      stored_(metrics.counter("prepay_metering_readings_stored_total",
                              "Live readings stored and published.")),
      imported_(metrics.counter("prepay_metering_readings_imported_total",
                                "Readings stored by imports.")),
      command_send_seconds_(
          metrics.histogram("prepay_metering_command_send_seconds",
                            "From a command's row to its first frame on the wire.")),
      sweep_seconds_(metrics.histogram("prepay_metering_sweep_duration_seconds",
                                       "One sweep over all meters of a line.")),
      spool_(metrics.gauge("prepay_metering_spool_readings",
                           "Readings waiting for PostgreSQL in memory.")),
      dropped_(metrics.counter("prepay_metering_spool_dropped_total",
                               "Readings thinned out of a full spool.")),
      lines_online_(
          metrics.gauge("prepay_metering_lines", "Lines by state.", {{"state", "online"}})),
      lines_lost_(metrics.gauge("prepay_metering_lines", "Lines by state.", {{"state", "lost"}})),
      meters_online_(
          metrics.gauge("prepay_metering_meters", "Meters by state.", {{"state", "online"}})),
      meters_lost_(
          metrics.gauge("prepay_metering_meters", "Meters by state.", {{"state", "lost"}})),
      quarantined_(metrics.gauge("prepay_metering_quarantined_meters",
                                 "Meters whose register waits for a decision.")),
      spool_age_(metrics.gauge("prepay_metering_spool_oldest_age_seconds",
                               "Age of the oldest sweep that waits for PostgreSQL.")),
      read_late_(metrics.gauge("prepay_metering_read_late_seconds",
                               "For how long the line that is late most has had a read due and done"
                               " nothing; silent meters are no delay, time without PostgreSQL is"
                               " not counted.")),
      reading_age_(metrics.gauge("prepay_metering_oldest_reading_age_seconds",
                                 "Since the last good reading, or the start, of the enabled line"
                                 " that has been silent longest.")) {
    for (int i = 0; i <= static_cast<int>(FrameFault::kTrailingBytes); ++i) {
        bad_frames_.push_back(
            metrics.counter("prepay_metering_bad_frames_total", "Replies not taken, by reason.",
                            {{"reason", fault_text(static_cast<FrameFault>(i))}}));
    }
    for (int i = 0; i <= static_cast<int>(ReadingFault::kClockInDoubt); ++i) {
        rejected_.push_back(metrics.counter(
            "prepay_metering_readings_rejected_total", "Readings not taken as a base, by reason.",
            {{"reason", lower(fault_reason(static_cast<ReadingFault>(i)))}}));
    }
    for (int i = 0; i <= static_cast<int>(CommandState::kStillHeld); ++i) {
        commands_.push_back(metrics.counter("prepay_metering_commands_total",
                                            "Commands by final state.",
                                            {{"state", state_text(static_cast<CommandState>(i))}}));
    }
}

}  // namespace prepay::metering

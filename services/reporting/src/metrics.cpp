#include "metrics.h"

namespace prepay::reporting {

FoldTimer::~FoldTimer() {
    histogram_.observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
}

ReportingMetrics::ReportingMetrics(telemetry::Metrics& metrics)
    : metrics_(metrics),
      charges_(metrics.counter("prepay_reporting_folded_charges_total",
                               "Posted charges added to the read models.")),
      wall_rooms_(metrics.gauge("prepay_reporting_wall_rooms", "Rooms in the wall image.")),
      watchers_(metrics.gauge("prepay_reporting_wall_watchers", "Open WatchWall streams.")) {}

FoldTimer ReportingMetrics::time_fold(const std::string& topic, std::size_t message_count) const {
    metrics_
        .counter("prepay_reporting_folded_messages_total", "Messages given to the fold.",
                 {{"topic", topic}})
        .add(static_cast<double>(message_count));
    return FoldTimer(metrics_.histogram("prepay_reporting_fold_duration_seconds",
                                        "One transaction's messages.", {{"topic", topic}}));
}

void ReportingMetrics::count_charges(std::size_t count) const {
    charges_.add(static_cast<double>(count));
}

void ReportingMetrics::set_wall_rooms(std::size_t count) const {
    wall_rooms_.set(static_cast<double>(count));
}

void ReportingMetrics::add_watchers(int difference) const { watchers_.add(difference); }

}  // namespace prepay::reporting

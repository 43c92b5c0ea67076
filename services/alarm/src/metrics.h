#pragma once

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "domain/channel.h"
#include "domain/delivery.h"
#include "telemetry/metrics.h"

namespace prepay::alarm {

/// Every metric of the service. Thread-safe.
class AlarmMetrics {
public:
    explicit AlarmMetrics(telemetry::Metrics& metrics);

    void episode_opened(int level) const { opened_[static_cast<std::size_t>(level - 1)].add(); }
    void episode_ended(int level) const { ended_[static_cast<std::size_t>(level - 1)].add(); }
    void stale_change() const { stale_.add(); }
    void sent(ChannelKind kind, Delivery outcome, std::chrono::duration<double> elapsed) const {
        sends_.at({kind, outcome}).add();
        send_duration_.at(kind).observe(elapsed.count());
    }
    void abandoned(int count) const { abandoned_.add(count); }
    void waiting(int count) const { waiting_.set(count); }

private:
    std::vector<telemetry::Counter> opened_;
    std::vector<telemetry::Counter> ended_;
    telemetry::Counter stale_;
    std::map<std::pair<ChannelKind, Delivery>, telemetry::Counter> sends_;
    std::map<ChannelKind, telemetry::Histogram> send_duration_;
    telemetry::Counter abandoned_;
    telemetry::Gauge waiting_;
};

}  // namespace prepay::alarm

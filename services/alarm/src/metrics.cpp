#include "metrics.h"

#include "domain/episode.h"

namespace prepay::alarm {
namespace {

const char* word(ChannelKind kind) {
    switch (kind) {
        case ChannelKind::kEmail:
            return "email";
        case ChannelKind::kWebhook:
            return "webhook";
    }
    return "";
}

const char* word(Delivery outcome) {
    switch (outcome) {
        case Delivery::kSent:
            return "sent";
        case Delivery::kNotAccepted:
            return "not_accepted";
        case Delivery::kRefused:
            return "refused";
        case Delivery::kUnknown:
            return "unknown";
    }
    return "";
}

}  // namespace

AlarmMetrics::AlarmMetrics(telemetry::Metrics& metrics)
    : stale_(metrics.counter("prepay_alarm_stale_changes_total",
                             "Balance changes not newer than what was known.")),
      abandoned_(metrics.counter("prepay_alarm_abandoned_sends_total",
                                 "Sends closed as unknown because their process died.")),
      waiting_(metrics.gauge("prepay_alarm_waiting_notifications",
                             "Notifications not yet handed to their channel.")) {
    for (int level = 1; level <= kLevelCount; ++level) {
        const telemetry::Labels labels = {{"level", std::to_string(level)}};
        opened_.push_back(metrics.counter("prepay_alarm_episodes_opened_total",
                                          "Episodes of low balance that began.", labels));
        ended_.push_back(metrics.counter("prepay_alarm_episodes_ended_total",
                                         "Episodes of low balance that ended.", labels));
    }
    for (const ChannelKind kind : kChannelKinds) {
        for (const Delivery outcome :
             {Delivery::kSent, Delivery::kNotAccepted, Delivery::kRefused, Delivery::kUnknown}) {
            sends_.emplace(std::pair(kind, outcome),
                           metrics.counter("prepay_alarm_sends_total", "Tries to send a message.",
                                           {{"channel", word(kind)}, {"outcome", word(outcome)}}));
        }
        send_duration_.emplace(kind, metrics.histogram("prepay_alarm_send_duration_seconds",
                                                       "Time of one try to send a message.",
                                                       {{"channel", word(kind)}}));
    }
}

}  // namespace prepay::alarm

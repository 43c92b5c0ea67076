#pragma once

#include <memory>

#include "adapters/grpc_alarm_service.h"
#include "adapters/grpc_pay_links.h"
#include "adapters/http_webhook_sender.h"
#include "adapters/pg_episode_writer.h"
#include "adapters/pg_notification_store.h"
#include "adapters/smtp_sender.h"
#include "config.h"
#include "runtime/service.h"

namespace prepay::alarm {

/// Everything the service is made of, in order of construction; lives as long as the process.
struct Parts {
    Parts(runtime::Service& service, const AlarmConfig& config, const TargetRules& rules);

    AlarmMetrics metrics;
    const Clock& clock;
    PgNotificationStore store;
    SmtpSender email;
    WebhookSender webhook;
    Senders senders{email, webhook};
    GrpcPayLinks links;
    EpisodeWriter writer;
    GrpcAlarmService grpc;
};

/// Makes the parts and connects them with the service: methods, topics and threads.
Status wire(runtime::Service& service, const AlarmConfig& config, std::unique_ptr<Parts>& parts);

}  // namespace prepay::alarm

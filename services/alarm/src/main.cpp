#include <curl/curl.h>

#include <memory>

#include "adapters/grpc_alarm_service.h"
#include "adapters/grpc_pay_links.h"
#include "adapters/http_webhook_sender.h"
#include "adapters/kafka_balance_changes.h"
#include "adapters/pg_alarm_queries.h"
#include "adapters/pg_notification_store.h"
#include "adapters/smtp_sender.h"
#include "app/send_notifications.h"
#include "config.h"
#include "core/anchored_clock.h"
#include "core/pause.h"
#include "runtime/service.h"
#include "telemetry/log.h"

namespace prepay {
const std::vector<pg::Migration>& alarm_migrations();
}

namespace prepay::alarm {
namespace {

constexpr std::chrono::milliseconds kIdlePause{250};
constexpr std::chrono::seconds kErrorPause{2};
constexpr std::chrono::seconds kHousekeepingPause{1};

// Everything the service is made of; lives as long as the process.
struct Parts {
    Parts(runtime::Service& service, const AlarmConfig& config, const TargetRules& rules)
        : metrics(service.metrics()),
          clock(service.clock()),
          store(service.database(), config, clock),
          email(config.smtp, config.send_timeout, clock),
          webhook(rules, config.send_timeout, clock),
          links(service.peer("console"), config.pay_url, clock),
          writer(service.outbox(), config, clock, metrics),
          grpc(service.database(), store, email, webhook, rules, config, clock) {}

    AlarmMetrics metrics;
    const Clock& clock;
    PgNotificationStore store;
    SmtpSender email;
    WebhookSender webhook;
    GrpcPayLinks links;
    EpisodeWriter writer;
    GrpcAlarmService grpc;
};

void send_until_stopped(Parts& parts, const AlarmConfig& config, const std::stop_token& stop) {
    NotificationSending sending(parts.store, parts.email, parts.webhook, parts.links,
                                config.pay_url, config.retry, config.send_timeout, parts.clock,
                                parts.metrics);
    while (!stop.stop_requested()) {
        const Result<bool> sent = sending.send_next();
        if (!sent.ok()) {
            telemetry::log_warning("sending will go on later",
                                   {{"error", telemetry::describe(sent.status())}});
            pause(stop, kErrorPause);
        } else if (!*sent) {
            pause(stop, kIdlePause);
        }
    }
}

void keep_house(Parts& parts, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        if (is_in_doubt(parts.clock)) {
            pause(stop, kHousekeepingPause);  // Nobody knows what is due.
            continue;
        }
        const Result<int> abandoned = parts.store.close_abandoned(parts.clock.now());
        const Result<int> repeated = parts.store.plan_repeats(parts.clock.now());
        const Result<int> waiting = parts.store.count_waiting();
        if (abandoned.ok()) {
            parts.metrics.abandoned(*abandoned);
        }
        if (waiting.ok()) {
            parts.metrics.waiting(*waiting);
        }
        if (!repeated.ok()) {
            telemetry::log_warning("repeats will be planned later",
                                   {{"error", telemetry::describe(repeated.status())}});
        }
        pause(stop, kHousekeepingPause);
    }
}

Status wire(runtime::Service& service, const AlarmConfig& config, std::unique_ptr<Parts>& parts) {
    PREPAY_ASSIGN_OR_RETURN(const TargetRules rules,
                            TargetRules::parse(config.webhook_allowed_targets));
    if (!config.smtp.url.empty()) {
        PREPAY_RETURN_IF_ERROR(ensure_default_channel(service.database()));
    }
    parts = std::make_unique<Parts>(service, config, rules);
    parts->grpc.register_with(service.server());
    service.subscribe(
        {kBalanceChangesTopic},
        [&writer = parts->writer](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
            return take_balance_changes(writer, tx, messages);
        });
    for (int i = 1; i <= config.send_thread_count; ++i) {
        service.spawn("send-" + std::to_string(i),
                      [&parts = *parts, &config](const std::stop_token& stop) {
                          send_until_stopped(parts, config, stop);
                      });
    }
    service.spawn("housekeeping",
                  [&parts = *parts](const std::stop_token& stop) { keep_house(parts, stop); });
    return absl::OkStatus();
}

}  // namespace
}  // namespace prepay::alarm

int main(int argc, char** argv) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    prepay::alarm::AlarmConfig config;
    std::unique_ptr<prepay::alarm::Parts> parts;
    prepay::runtime::Program program;
    program.name = "alarm";
    program.schema = "alarm";
    program.peers = {"account"};
    program.migrations = prepay::alarm_migrations();
    program.configure = [&](prepay::config::Reader& reader) {
        prepay::alarm::read_config(reader, config);
    };
    program.wire = [&](prepay::runtime::Service& service) {
        return prepay::alarm::wire(service, config, parts);
    };
    return prepay::runtime::run_main(argc, argv, program);
}

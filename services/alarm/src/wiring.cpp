#include "wiring.h"

#include "adapters/kafka_balance_changes.h"
#include "adapters/pg_alarm_queries.h"
#include "app/send_notifications.h"

namespace prepay::alarm {

Parts::Parts(runtime::Service& service, const AlarmConfig& config, const TargetRules& rules)
    : metrics(service.metrics()),
      clock(service.clock()),
      store(service.database(), config, clock),
      email(config.smtp, config.send_timeout, clock),
      webhook(rules, config.send_timeout, clock),
      links(service.peer("console"), config.pay_url, clock),
      writer(service.outbox(), config, clock, metrics),
      grpc(service.database(), store, senders, rules, config, clock) {}

Status wire(runtime::Service& service, const AlarmConfig& config, std::unique_ptr<Parts>& parts) {
    PREPAY_ASSIGN_OR_RETURN(const TargetRules rules,
                            TargetRules::parse(config.webhook_allowed_targets));
    if (!config.smtp.url.empty()) {
        PREPAY_RETURN_IF_ERROR(ensure_default_channel(service.database()));
    }
    parts = std::make_unique<Parts>(service, config, rules);
    parts->grpc.register_with(service.server());
    service.subscribe(handlers(parts->writer));
    for (int i = 1; i <= config.send_thread_count; ++i) {
        const auto sending = std::make_shared<NotificationSending>(
            parts->store, parts->senders, parts->links, config.pay_url, config.retry,
            config.send_timeout, parts->clock, parts->metrics);
        service.repeat("send-" + std::to_string(i), std::chrono::milliseconds(250),
                       [sending] { return sending->run_once(); });
    }
    service.every("housekeeping", std::chrono::seconds(1), [&parts = *parts] {
        return keep_house(parts.store, parts.clock, parts.metrics);
    });
    return absl::OkStatus();
}

}  // namespace prepay::alarm

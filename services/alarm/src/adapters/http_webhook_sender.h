#pragma once

#include <string>

#include "adapters/http_target.h"
#include "ports.h"

namespace prepay::alarm {

/// POSTs a notification's body as JSON, signed. Headers: `Prepay-Signature: t=<unix
/// seconds>,v1=<hex HMAC-SHA256 of "t.body">`, `Idempotency-Key: <notification id>`, the same at
/// every attempt. Redirects are not followed, proxies not used. Thread-safe.
class WebhookSender final : public MessageSender {
public:
    WebhookSender(TargetRules rules, Duration timeout, const Clock& clock);
    DeliveryReport send(const OutgoingNotification& notification) override;

private:
    TargetRules rules_;
    Duration timeout_;
    const Clock& clock_;
};

/// "t=…,v1=…" of a body.
std::string webhook_signature(const std::string& secret, std::int64_t unix_seconds,
                              const std::string& body);

}  // namespace prepay::alarm

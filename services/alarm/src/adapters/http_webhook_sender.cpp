#include "adapters/http_webhook_sender.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "adapters/http_post.h"

namespace prepay::alarm {

std::string webhook_signature(const std::string& secret, std::int64_t unix_seconds,
                              const std::string& body) {
    const std::string signed_text = std::to_string(unix_seconds) + "." + body;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(),
         digest.data(), &length);
    std::string text = "t=" + std::to_string(unix_seconds) + ",v1=";
    for (unsigned int i = 0; i < length; ++i) {
        text += "0123456789abcdef"[digest[i] >> 4];
        text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
}

WebhookSender::WebhookSender(TargetRules rules, Duration timeout, const Clock& clock)
    : rules_(std::move(rules)), timeout_(timeout), clock_(clock) {}

DeliveryReport WebhookSender::send(const OutgoingNotification& notification) {
    const std::string signature = webhook_signature(
        notification.secret, to_micros(clock_.now()) / 1'000'000, notification.body);
    return http_post(
        {notification.recipient,
         {"Content-Type: application/json; charset=utf-8", "Prepay-Signature: " + signature,
          "Idempotency-Key: " + notification.notification_id},
         notification.body},
        rules_, timeout_);
}

}  // namespace prepay::alarm

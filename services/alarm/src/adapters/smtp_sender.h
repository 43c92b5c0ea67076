#pragma once

#include <string>

#include "config.h"
#include "ports.h"

namespace prepay::alarm {

/// Hands mails to the configured server by SMTP, one connection a mail. Thread-safe.
class SmtpSender final : public MessageSender {
public:
    SmtpSender(SmtpConfig config, Duration timeout, const Clock& clock);
    /// SMTP_NOT_CONFIGURED (refused) when there is no server.
    DeliveryReport send(const OutgoingNotification& notification) override;

private:
    SmtpConfig config_;
    Duration timeout_;
    const Clock& clock_;
};

/// The text of a mail (RFC 5322, MIME, UTF-8 in base64, CRLF). Its Message-ID is made of the
/// notification id, so that a reader can tell two copies.
std::string mail_text(const OutgoingNotification& notification, const std::string& from,
                      Instant now);

}  // namespace prepay::alarm

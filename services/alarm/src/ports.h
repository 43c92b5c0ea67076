#pragma once

#include <optional>
#include <string>

#include "core/status.h"
#include "core/time.h"
#include "domain/channel.h"
#include "domain/delivery.h"

namespace prepay::alarm {

/// A notification that is marked SENDING for the caller.
struct OutgoingNotification {
    std::string notification_id;  ///< Also the idempotency key on the wire.
    std::string episode_id;       ///< Empty: a test of a channel.
    std::string account_id;
    bool to_customer = false;  ///< It goes to the customer's own mail address.
    ChannelKind kind = ChannelKind::kEmail;
    std::string recipient;
    std::string subject;
    std::string body;
    std::string secret;  ///< Webhook signing secret of the channel.
    Attempt attempt;
};

/// The stored notifications. Errors are the database's (DATABASE_UNAVAILABLE, COMMIT_IN_DOUBT …).
class NotificationStore {
public:
    virtual ~NotificationStore() = default;
    /// Marks the oldest due notification SENDING, with one more attempt, until `now + lease`.
    virtual Result<std::optional<OutgoingNotification>> claim_next(Instant now, Duration lease) = 0;
    /// Records what became of an attempt. A mark of an attempt that is no longer the current one
    /// changes nothing. May be repeated.
    virtual Status mark(const std::string& notification_id, int attempt_count, const NextStep& step,
                        Instant now) = 0;
    /// Takes what is SENDING past its lease as a lost answer: its process died between the mark and
    /// the answer. How many.
    virtual Result<int> close_abandoned(Instant now) = 0;
    /// Writes the notifications of due repeats of open episodes. How many episodes.
    virtual Result<int> plan_repeats(Instant now) = 0;
    /// How many are WAITING.
    virtual Result<int> count_waiting() = 0;
};

/// Links with which a tenant pays without a log-in.
class PayLinks {
public:
    virtual ~PayLinks() = default;
    /// The tenant's page with the token of the account's mail link. Asking again for an episode
    /// gives the same link. Errors: UNAVAILABLE while nobody can say, others are the console's
    /// refusals (ACCOUNT_CLOSED, LINK_OVER …). No error holds a token.
    virtual Result<std::string> link_of(const std::string& account_id,
                                        const std::string& episode_id) = 0;
};

/// Hands a message to the outside. Returns within twice the configured send time-out, rounded
/// up to seconds (the second time for a farewell to a silent server); never throws.
class MessageSender {
public:
    virtual ~MessageSender() = default;
    virtual DeliveryReport send(const OutgoingNotification& notification) = 0;
};

/// The sender of each kind of channel; they outlive it.
struct Senders {
    MessageSender& email;
    MessageSender& webhook;

    [[nodiscard]] MessageSender& of(ChannelKind kind) const {
        switch (kind) {
            case ChannelKind::kEmail:
                return email;
            case ChannelKind::kWebhook:
                break;
        }
        return webhook;
    }
};

}  // namespace prepay::alarm

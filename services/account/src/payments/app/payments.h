#pragma once

#include <semaphore>
#include <string>

#include "core/status.h"
#include "core/time.h"
#include "metrics.h"
#include "payments/ports.h"

namespace prepay::account {

/// Times of the payment dialogue.
struct PaymentTimes {
    Duration order_lifetime = std::chrono::minutes(15);
    Duration query_after = std::chrono::seconds(10);  ///< First order query.
    Duration query_interval_max = std::chrono::minutes(1);
};

/// New orders that may be at the provider at once. Others are told to come back (PROVIDER_BUSY) and
/// leave nothing behind, so that a provider that hangs holds no thread that the desk needs.
inline constexpr int kProviderCallsMax = 6;

/// Payments through the provider: order, client parameters, notice, query. Thread-safe.
class Payments {
public:
    Payments(PaymentStore& store, PaymentProvider& provider, const Clock& clock,
             AccountMetrics& metrics, const PaymentTimes& times)
        : store_(store), provider_(provider), clock_(clock), metrics_(metrics), times_(times) {}

    struct Started {
        Order order;
        ClientParameters client;
    };
    struct Wanted {
        std::string request_id;
        std::string content_hash;
        std::string account_id;
        std::string user;
        Money amount;
        std::string openid;
        std::string description;
    };
    /// Makes the order, or finds it again by the request id, and asks the provider for a prepay id.
    /// Reasons BAD_AMOUNT, BAD_OPENID, ORDER_NOT_PENDING, PROVIDER_BUSY, and those of store and
    /// provider.
    Result<Started> start(const Wanted& wanted);

    /// OK only after what the notice says is committed (I-8).
    Status handle_notice(const SignedNotice& notice);

    /// Asks the provider about pending orders that are due; credits what was paid, closes what
    /// expired (I-9). How many orders were looked at.
    Result<int> query_due();

private:
    Status query_one(const Order& order);
    Status expire(const Order& order);
    Result<Started> start_at_provider(const Wanted& wanted);

    PaymentStore& store_;
    PaymentProvider& provider_;
    const Clock& clock_;
    AccountMetrics& metrics_;
    PaymentTimes times_;
    std::counting_semaphore<kProviderCallsMax> provider_calls_{kProviderCallsMax};
};

}  // namespace prepay::account

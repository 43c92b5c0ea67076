#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/status.h"
#include "core/time.h"
#include "payments/domain/payment.h"

namespace prepay::account {

/// A payment notice as it came from the wire, unread. The console's table of callbacks says which
/// headers the words come from; a provider without one of them leaves it empty. `nonce`, `serial`
/// and `timestamp` together tell a repetition: they are the key under which it is stored.
struct SignedNotice {
    std::string timestamp;
    std::string nonce;
    std::string signature;
    std::string serial;
    std::string body;
};

/// What WeChat's bridge on the payer's phone asks for.
struct WechatClientParameters {
    std::string app_id;
    std::string time_stamp;
    std::string nonce_str;
    std::string package;
    std::string sign_type;
    std::string pay_sign;
};

/// What the payer's phone hands to the provider: a kind for each.
using ClientParameters = std::variant<WechatClientParameters>;

/// The payment provider. Believes nothing that is not signed by one of its known keys.
class PaymentProvider {
public:
    virtual ~PaymentProvider() = default;

    [[nodiscard]] virtual const Merchant& merchant() const = 0;
    /// Whether it can be told who pays: before anything is stored. Reason BAD_OPENID.
    [[nodiscard]] virtual Status check_payer(const std::string& openid) const = 0;
    /// Reasons PROVIDER_UNAVAILABLE, PROVIDER_REFUSED, PROVIDER_ANSWER_INVALID.
    virtual Result<std::string> create_prepay(const Order& order,
                                              const std::string& description) = 0;
    /// NOT_FOUND / ORDER_UNKNOWN_AT_PROVIDER, and as above.
    virtual Result<PaymentFact> query(const std::string& order_id) = 0;
    /// FAILED_PRECONDITION / ORDER_PAID, NOT_FOUND as above.
    virtual Status close(const std::string& order_id) = 0;
    virtual Result<ClientParameters> client_parameters(const std::string& prepay_id) = 0;
    /// Verifies and decrypts. Reasons NOTICE_HEADER_MISSING, NOTICE_TOO_LARGE, NOTICE_TOO_OLD,
    /// NOTICE_SERIAL_UNKNOWN, NOTICE_SIGNATURE_INVALID, NOTICE_MALFORMED, NOTICE_EVENT_UNKNOWN,
    /// NOTICE_DECRYPTION_FAILED.
    virtual Result<PaymentFact> open_notice(const SignedNotice& notice) = 0;
};

/// A new order at the provider.
struct NewPayment {
    std::string request_id;
    std::string content_hash;
    std::string account_id;
    std::string user;
    Money amount;
    std::string openid;
    Instant expire_time;
    Instant first_query_time;
    int pending_max = kPendingOrdersMax;  ///< Of the account, this one included.
};

/// What a fact did.
struct AppliedPayment {
    PaymentDecision decision;
    Order order;
};

/// Orders and their money. Each method is one transaction.
class PaymentStore {
public:
    virtual ~PaymentStore() = default;

    /// The pending order; the same one for a repeated request id. Reasons ACCOUNT_NOT_FOUND,
    /// ACCOUNT_CLOSED, REQUEST_ID_REUSED.
    virtual Result<Order> create(const NewPayment& payment) = 0;
    virtual Status save_prepay(const std::string& order_id, const std::string& prepay_id) = 0;
    /// Credits, disputes or ignores, exactly once per provider transaction. The notice, where there
    /// is one, is stored in the same transaction. Reason ORDER_UNKNOWN; a foreign fact is refused
    /// with the decision's reason; both leave the notice stored.
    virtual Result<AppliedPayment> apply(const PaymentFact& fact, const Merchant& merchant,
                                         const SignedNotice* notice) = 0;
    /// Pending orders that are due for a query; each is given to one caller only, and again after
    /// `lease`.
    virtual Result<std::vector<Order>> claim_due(Instant now, Duration lease, int count_max) = 0;
    virtual Status set_next_query(const std::string& order_id, Instant time) = 0;
    /// Pending -> closed; anything else stays.
    virtual Status close(const std::string& order_id, const std::string& reason) = 0;
};

}  // namespace prepay::account

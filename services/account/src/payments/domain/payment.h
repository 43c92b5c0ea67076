#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "books/domain/account.h"
#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::account {

enum class OrderKind { kCashTopUp, kProviderTopUp, kCashRefund };
enum class OrderState { kPending, kCredited, kClosed, kDisputed };

/// Bytes of the note that a person gives with an order.
constexpr std::size_t kNoteMax = 500;

/// An order as stored.
struct Order {
    std::string order_id;  ///< out_trade_no: 32 of [0-9a-z].
    std::int64_t account_no = 0;
    std::string account_id;
    std::string site_id;
    OrderKind kind = OrderKind::kCashTopUp;
    OrderState state = OrderState::kPending;
    Money amount;
    std::string provider_transaction_id;
    std::string openid;
    std::string prepay_id;
    Instant create_time;
    std::optional<Instant> expire_time;
    std::optional<Instant> finish_time;
    int query_count = 0;
    std::string create_user;
    std::string note;
    std::optional<Money> balance_after;
    std::string failure_reason;
    bool override_unbilled = false;  ///< Paid out before the account was billed to its end.
};

/// Unpaid orders that an account may have at a time. Each is asked about until it is paid or its
/// time is over, so that a phone that starts orders without end would keep the provider busy for
/// others.
constexpr int kPendingOrdersMax = 10;

/// Who we are at the provider.
struct Merchant {
    std::string appid;
    std::string mchid;
};

/// Where a payment stands at its provider, and one for a word that it may add. The provider's
/// folder translates its words.
enum class TradeState {
    kSuccess,
    kRefund,  ///< Was paid, and money went back at the provider.
    kNotPay,
    kUserPaying,  ///< The payer is typing the password.
    kAccept,      ///< Taken, to be debited.
    kClosed,
    kRevoked,
    kPayError,
    kUnknown,
};

/// What a verified notice, or a verified answer to an order query, says.
struct PaymentFact {
    std::string appid;
    std::string mchid;
    std::string order_id;
    std::string transaction_id;
    TradeState trade_state = TradeState::kUnknown;
    std::int64_t total_fen = 0;
    std::string currency;
};

enum class PaymentOutcome {
    kCredit,         ///< Post to the purse, order credited.
    kAlreadyDone,    ///< This transaction has had its effect; nothing to do.
    kDispute,        ///< Money to suspense, order disputed: `reason` says why.
    kSecondPayment,  ///< The order was credited by another transaction: money to suspense.
    kNothing,        ///< Not a payment (yet).
    kForeign,        ///< Not our appid or mchid: refused.
};

struct PaymentDecision {
    PaymentOutcome outcome = PaymentOutcome::kNothing;
    std::string reason;             ///< Stable word for kDispute, kSecondPayment, kForeign.
    std::optional<Money> suspense;  ///< What goes to suspense; absent in a currency we do not keep.
};

/// Compares a fact with the order it names. Checked in this order: appid and mchid, trade state,
/// repetition, order state, currency, amount. Money that went back at the provider before it was
/// credited here makes the order a dispute without suspense: how much is left there, a person must
/// see.
PaymentDecision decide_payment(const Order& order, const PaymentFact& fact,
                               const Merchant& merchant);

/// What a fact means for the order it names: as decide_payment(), and foreign also when there is no
/// such order (null), or when its transaction belongs to another one. `transaction_order_id` is the
/// order that the transaction is known from, empty = none yet.
PaymentDecision decide_fact(const Order* order, const PaymentFact& fact, const Merchant& merchant,
                            const std::string& transaction_order_id);

/// Whether a decision changes anything here: the order, or where money lies.
bool has_effect(const PaymentDecision& decision);

/// The order after a decision that has an effect.
void take_in(Order& order, const PaymentDecision& decision, const PaymentFact& fact, Instant now);

/// Where the money of a decision goes: onto the order's purse, or into the site's suspense account,
/// always from the provider's. Nothing where none moves.
std::optional<Posting> payment_posting(const Order& order, const PaymentDecision& decision,
                                       const PaymentFact& fact, const SiteAccounts& site);

/// Whether an account may have one more unpaid order.
enum class NewOrderVerdict { kMake, kAccountClosed, kTooManyOrders };
NewOrderVerdict decide_new_order(AccountState state, int pending_count, int pending_max);

/// What an answer to the query of an order that is not paid yet leads to.
enum class QueryStep {
    kApply,            ///< Compare with the order and post.
    kClose,            ///< Nobody can pay it any more.
    kCloseAtProvider,  ///< Its time is over, or the payment failed: closed there first, then here.
    kAskAgain,
};

/// `state` absent = the provider does not know the order (nobody has opened it there).
QueryStep after_query(std::optional<TradeState> state, bool expired);

}  // namespace prepay::account

#pragma once

#include <optional>
#include <string>

#include "books/domain/ledger.h"
#include "books/domain/terms.h"
#include "cash/domain/payout.h"
#include "payments/domain/payment.h"

namespace prepay::account {

/// What one cash order may move.
constexpr Money kCashMin = Money::from_fen(1);
constexpr Money kCashMax = Money::from_yuan(100'000);

/// Cash that somebody wants to hand in (kCashTopUp) or to get back (kCashRefund) at the desk.
struct CashWish {
    OrderKind kind = OrderKind::kCashTopUp;
    Money amount;  ///< Positive, both ways.
    std::string note;
    bool override_unbilled = false;  ///< Pay out before the last bill; who asks may do that.
};

enum class CashVerdict {
    kPost,
    kBadAmount,            ///< Not whole fen, or not kCashMin .. kCashMax.
    kBadNote,              ///< Longer than kNoteMax bytes.
    kAccountClosed,        ///< A closed account takes nothing in.
    kReasonRequired,       ///< Paying out before the last bill needs a note that says why.
    kBillUnknown,          ///< Billing did not say how far it is.
    kNotBilled,            ///< See payout_obstacle().
    kInsufficientBalance,  ///< Nobody gets more back than there is.
};

/// What can be said before an account is looked at: kPost, kBadAmount or kBadNote.
CashVerdict check_wish(const CashWish& wish);

/// Whether decide_cash() needs the bill: a refund of a closed account without override.
bool needs_bill(const CashWish& wish, AccountState state);

/// Whether the cash may change hands, by the account under its lock; checked in the order of the
/// verdicts. `bill` is looked at where needs_bill(); absent = billing did not answer.
CashVerdict decide_cash(const CashWish& wish, AccountState state, Money balance,
                        const std::optional<BillState>& bill);

/// Cash in raises the purse, cash out lowers it; the till (`cash_no`) is the other side.
Posting cash_posting(const Order& order, std::int64_t cash_no);

}  // namespace prepay::account

#include "cash/domain/cash.h"

#include "core/text.h"

namespace prepay::account {

CashVerdict check_wish(const CashWish& wish) {
    if (!wish.amount.is_whole_fen() || wish.amount < kCashMin || wish.amount > kCashMax) {
        return CashVerdict::kBadAmount;
    }
    return wish.note.size() > kNoteMax ? CashVerdict::kBadNote : CashVerdict::kPost;
}

bool needs_bill(const CashWish& wish, AccountState state) {
    return wish.kind == OrderKind::kCashRefund && state == AccountState::kClosed &&
           !wish.override_unbilled;
}

CashVerdict decide_cash(const CashWish& wish, AccountState state, Money balance,
                        const std::optional<BillState>& bill) {
    if (const CashVerdict checked = check_wish(wish); checked != CashVerdict::kPost) {
        return checked;
    }
    if (wish.kind == OrderKind::kCashTopUp) {
        return state == AccountState::kClosed ? CashVerdict::kAccountClosed : CashVerdict::kPost;
    }
    if (state == AccountState::kClosed && wish.override_unbilled && is_blank(wish.note)) {
        return CashVerdict::kReasonRequired;
    }
    if (needs_bill(wish, state)) {
        if (!bill) {
            return CashVerdict::kBillUnknown;
        }
        if (!payout_obstacle(state, *bill).empty()) {
            return CashVerdict::kNotBilled;
        }
    }
    return balance < wish.amount ? CashVerdict::kInsufficientBalance : CashVerdict::kPost;
}

Posting cash_posting(const Order& order, std::int64_t cash_no) {
    const bool refund = order.kind == OrderKind::kCashRefund;
    Posting posting;
    posting.source_kind = SourceKind::kOrder;
    posting.source_id = order.order_id;
    posting.source_time = order.create_time;
    posting.kind = refund ? EntryKind::kRefund : EntryKind::kTopUp;
    posting.account_no = order.account_no;
    posting.counter_no = cash_no;
    posting.amount = refund ? -order.amount : order.amount;
    return posting;
}

}  // namespace prepay::account

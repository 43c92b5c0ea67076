#include "payments/domain/suspense.h"

namespace prepay::account {

SettlementVerdict decide_settlement(const SuspenseItem& item, bool settled,
                                    const std::optional<SettlementTarget>& target) {
    if (settled) {
        return SettlementVerdict::kSettledBefore;
    }
    if (target && target->site_id != item.site_id) {
        return SettlementVerdict::kOtherSite;
    }
    if (target && target->state == AccountState::kClosed) {
        return SettlementVerdict::kAccountClosed;
    }
    return SettlementVerdict::kPost;
}

Posting settlement_posting(const SuspenseItem& item, SuspenseOutcome outcome,
                           std::int64_t account_no, std::int64_t counter_no) {
    const bool credit = outcome == SuspenseOutcome::kCreditAccount;
    Posting posting;
    posting.source_kind = SourceKind::kSettlement;
    posting.source_id = item.transaction_id;
    posting.source_time = item.source_time;
    posting.kind = credit ? EntryKind::kTopUp : EntryKind::kRefund;
    posting.account_no = account_no;
    posting.counter_no = counter_no;
    posting.amount = credit ? item.amount : -item.amount;
    return posting;
}

}  // namespace prepay::account

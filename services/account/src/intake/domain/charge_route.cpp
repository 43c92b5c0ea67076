#include "intake/domain/charge_route.h"

namespace prepay::account {

ChargeRoute route_charge(const Charge& charge, const ChargeFacts& facts, const SiteAccounts& site) {
    if (facts.account_no != 0) {
        return {facts.account_no, false};
    }
    if (!charge.reversal_of.empty() && facts.original_no) {
        return {*facts.original_no, false};
    }
    return {site.vacancy_no, !charge.account_id.empty()};
}

Posting charge_posting(const Charge& charge, std::int64_t account_no, const SiteAccounts& site) {
    Posting posting;
    posting.source_kind = SourceKind::kCharge;
    posting.source_id = charge.charge_id;
    posting.source_time = charge.end_time;
    posting.kind = charge.reversal_of.empty() ? EntryKind::kCharge : EntryKind::kReversal;
    posting.account_no = account_no;
    posting.counter_no = site.revenue_no;
    posting.amount = -charge.amount;
    return posting;
}

}  // namespace prepay::account

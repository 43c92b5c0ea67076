#pragma once

#include <functional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "books/adapters/pg_posted_charges.h"
#include "core/status.h"
#include "core/time.h"
#include "outbox/outbox.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/billing/v1/billing.pb.h"

namespace prepay::account {

/// Charges by id, those that exist; at most kChargesAsked.
using FetchCharges =
    std::function<Result<std::vector<billing::v1::Charge>>(const std::vector<std::string>&)>;
constexpr std::size_t kChargesAsked = 100;

/// Tells all charges in the ledger for a snapshot of prepay.account.charge-postings.v1. The ledger
/// says which are posted, to whom and when; the rest is asked of billing, so that it is not kept
/// twice. Reason CHARGE_MISSING when billing does not have one that is posted.
class PostingSnapshot {
public:
    PostingSnapshot(FetchCharges fetch, const Clock& clock)
        : fetch_(std::move(fetch)), clock_(clock) {}

    Status tell(pqxx::work& tx, const outbox::SnapshotRequest& request,
                const outbox::EmitEvent& emit) const;

private:
    /// Without a header. `posted` is at most kChargesAsked.
    Result<v1::ChargesPosted> event_of(const ChargeBearer& bearer,
                                       const std::vector<PostedCharge>& posted) const;

    FetchCharges fetch_;
    PgPostedCharges posted_;
    const Clock& clock_;
};

}  // namespace prepay::account

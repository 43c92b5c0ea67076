#include "books/adapters/event_posting_snapshot.h"

#include <map>

#include "books/adapters/events.h"
#include "books/convert.h"
#include "core/ids.h"

namespace prepay::account {

Result<v1::ChargesPosted> PostingSnapshot::event_of(const ChargeBearer& bearer,
                                                    const std::vector<PostedCharge>& posted) const {
    std::vector<std::string> charge_ids;
    charge_ids.reserve(posted.size());
    for (const PostedCharge& charge : posted) {
        charge_ids.push_back(charge.charge_id);
    }
    const auto fetched = fetch_(charge_ids);
    if (!fetched.ok()) {  // Under a reason of ours: nothing here is to be run again.
        return unavailable("PEER_ERROR", "billing: " + error_message(fetched.status()));
    }
    std::map<std::string, const billing::v1::Charge*> by_id;
    for (const billing::v1::Charge& charge : *fetched) {
        by_id[charge.charge_id()] = &charge;
    }
    v1::ChargesPosted event;
    for (const PostedCharge& charge : posted) {
        const auto found = by_id.find(charge.charge_id);
        if (found == by_id.end()) {
            return failed_precondition(
                "CHARGE_MISSING",
                "billing has no charge " + charge.charge_id + ", which is posted");
        }
        fill_posted(*event.add_charges(), *found->second, bearer.account_id, bearer.vacancy,
                    charge.post_time);
    }
    return event;
}

Status PostingSnapshot::tell(pqxx::work& tx, const outbox::SnapshotRequest& request,
                             const outbox::EmitEvent& emit) const {
    const outbox::EventMaker events(clock_, kProducer);
    for (const ChargeBearer& bearer : posted_.bearers(tx)) {
        if (partition_of(bearer.account_id, request.partition_count) != request.partition) {
            continue;
        }
        std::int64_t after_version = 0;
        while (true) {
            const std::vector<PostedCharge> posted =
                posted_.next(tx, bearer.account_no, after_version, kChargesAsked);
            if (posted.empty()) {
                break;
            }
            PREPAY_ASSIGN_OR_RETURN(v1::ChargesPosted event, event_of(bearer, posted));
            PREPAY_RETURN_IF_ERROR(events.emit(emit, request.topic, bearer.account_id,
                                               std::move(event),
                                               &v1::ChargesPosted::mutable_charges));
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::account

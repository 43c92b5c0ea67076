#include "books/adapters/pg_posting_snapshot.h"

#include <map>

#include "books/adapters/events.h"
#include "books/convert.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {
namespace {

struct Posted {
    std::string charge_id;
    Instant post_time{};
};

// The next ones of an account in the order of its ledger; moves `after_version` past them.
std::vector<Posted> next_postings(pqxx::work& tx, std::int64_t account_no,
                                  std::int64_t& after_version) {
    std::vector<Posted> postings;
    for (const pg::Row row :
         tx.exec_params("SELECT account_version, source_id, " + pg::micros("post_time") +
                            " AS post_micros FROM entries WHERE account_no = $1 AND "
                            "account_version > $2 AND source_kind = 'charge'"
                            " ORDER BY account_version LIMIT $3",
                        account_no, after_version, static_cast<int>(kChargesAsked))) {
        postings.push_back({row.text("source_id"), row.time("post_micros")});
        after_version = row.number("account_version");
    }
    return postings;
}

}  // namespace

Status PostingSnapshot::tell(pqxx::work& tx, const outbox::SnapshotRequest& request,
                             const outbox::EmitEvent& emit) const {
    const outbox::EventMaker events(clock_, kProducer);
    for (const pg::Row account : tx.exec("SELECT account_no, account_id, kind FROM accounts"
                                         " WHERE kind IN ('purse', 'vacancy')"
                                         " ORDER BY account_no")) {
        const std::string account_id = account.text("account_id");
        if (partition_of(account_id, request.partition_count) != request.partition) {
            continue;
        }
        const bool vacancy = account.text("kind") == "vacancy";
        std::int64_t after_version = 0;
        while (true) {
            const std::vector<Posted> postings =
                next_postings(tx, account.number("account_no"), after_version);
            if (postings.empty()) {
                break;
            }
            std::vector<std::string> charge_ids;
            charge_ids.reserve(postings.size());
            for (const Posted& posted : postings) {
                charge_ids.push_back(posted.charge_id);
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
            for (const Posted& posted : postings) {
                const auto found = by_id.find(posted.charge_id);
                if (found == by_id.end()) {
                    return failed_precondition(
                        "CHARGE_MISSING",
                        "billing has no charge " + posted.charge_id + ", which is posted");
                }
                fill_posted(*event.add_charges(), *found->second, account_id, vacancy,
                            posted.post_time);
            }
            PREPAY_RETURN_IF_ERROR(events.emit(emit, request.topic, account_id, std::move(event),
                                               &v1::ChargesPosted::mutable_charges));
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::account

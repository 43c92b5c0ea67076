#include "books/adapters/pg_posting.h"

#include "core/crash_point.h"

namespace prepay::account {

std::vector<LockedAccount> PgPosting::lock(pqxx::work& tx, const std::vector<Posting>& postings,
                                           const std::vector<std::int64_t>& further) {
    ledger_.prepare(tx, postings);
    std::vector<std::int64_t> nos = further;
    nos.reserve(further.size() + postings.size());
    for (const Posting& posting : postings) {
        nos.push_back(posting.account_no);
    }
    PREPAY_CRASH_POINT("ledger.before_lock");
    return book_.lock(tx, std::move(nos));
}

Status PgPosting::post(pqxx::work& tx, std::vector<Posting> postings,
                       const std::vector<LockedAccount>& accounts, const Record& record) {
    const Instant now = clock_.now();
    PREPAY_ASSIGN_OR_RETURN(const PostingPlan plan,
                            ledger_.post(tx, std::move(postings), accounts, now));
    const BatchEffect effect = effect_of(accounts, plan);
    if (!effect.crossed.empty()) {
        reconcile_(tx, effect.crossed, now);
    }
    PREPAY_RETURN_IF_ERROR(record(plan, now));
    PREPAY_CRASH_POINT("ledger.after_postings_outbox");
    book_.announce(tx, effect.changes, now);
    PREPAY_CRASH_POINT("ledger.after_outbox");
    ledger_.post_counters(tx, plan);
    return absl::OkStatus();
}

Status PgPosting::post_one(pqxx::work& tx, const Posting& posting, const LockedAccount& account,
                           const std::function<Status(Money balance_after)>& record) {
    return post(tx, {posting}, {account}, [&](const PostingPlan& plan, Instant) -> Status {
        if (plan.entries.empty()) {
            return internal_error("POSTED_BEFORE",
                                  "source " + posting.source_id + " was posted before");
        }
        return record(plan.entries.front().balance_after);
    });
}

void PgPosting::settings_changed(pqxx::work& tx, const LockedAccount& before) {
    const LockedAccount after = book_.touch(tx, before);
    const Instant now = clock_.now();
    reconcile_(tx, {after}, now);
    book_.announce(tx, {{before, after}}, now);
}

void PgPosting::settings_changed_before_posting(pqxx::work& tx, const LockedAccount& before) {
    reconcile_(tx, {book_.touch(tx, before)}, clock_.now());
}

}  // namespace prepay::account

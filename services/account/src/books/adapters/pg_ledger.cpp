#include "books/adapters/pg_ledger.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "books/convert.h"
#include "core/assert.h"
#include "core/crash_point.h"
#include "outbox/outbox.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {
namespace {

constexpr const char* kPost = R"sql(
WITH posted AS (
    INSERT INTO entries (source_time, post_time, account_no, counter_no, amount_micros,
                         balance_after_micros, account_version, source_kind, kind, source_id)
    SELECT timestamptz 'epoch' + source_micros * interval '1 microsecond', $1::timestamptz,
           account_no, counter_no, amount, balance_after, account_version, source_kind, kind, source_id
    FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::text[], $9::text[], $10::text[])
         AS e (source_micros, account_no, counter_no, amount, balance_after, account_version,
               source_kind, kind, source_id)
)
UPDATE balances b SET balance_micros = u.balance, version = u.version,
       credit_total_micros = u.credit_total, charge_total_micros = u.charge_total
FROM unnest($11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[])
     AS u (account_no, balance, version, credit_total, charge_total)
WHERE b.account_no = u.account_no
)sql";

constexpr const char* kFindPosted = R"sql(
SELECT e.source_kind, e.source_id, e.account_no, e.amount_micros
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS s (source_micros, source_kind, source_id)
JOIN entries e ON e.source_time = timestamptz 'epoch' + s.source_micros * interval '1 microsecond'
    AND e.source_kind = s.source_kind AND e.source_id = s.source_id
)sql";

using SourceKey = std::pair<std::string, std::string>;

struct PlanArrays {
    std::vector<std::int64_t> source_micros, account_nos, counter_nos, amounts, balances, versions;
    std::vector<std::string> source_kinds, kinds, source_ids;
    std::vector<std::int64_t> changed_nos, changed_balances, changed_versions, credits, charges;
};

PlanArrays to_arrays(const PostingPlan& plan) {
    PlanArrays arrays;
    for (const Entry& entry : plan.entries) {
        arrays.source_micros.push_back(to_micros(entry.posting.source_time));
        arrays.account_nos.push_back(entry.posting.account_no);
        arrays.counter_nos.push_back(entry.posting.counter_no);
        arrays.amounts.push_back(entry.posting.amount.micros());
        arrays.balances.push_back(entry.balance_after.micros());
        arrays.versions.push_back(entry.account_version);
        arrays.source_kinds.emplace_back(to_text(entry.posting.source_kind));
        arrays.kinds.emplace_back(to_text(entry.posting.kind));
        arrays.source_ids.push_back(entry.posting.source_id);
    }
    for (const AccountBalance& account : plan.accounts) {
        arrays.changed_nos.push_back(account.account_no);
        arrays.changed_balances.push_back(account.balance.micros());
        arrays.changed_versions.push_back(account.version);
        arrays.credits.push_back(account.credit_total.micros());
        arrays.charges.push_back(account.charge_total.micros());
    }
    return arrays;
}

void write(pqxx::work& tx, const PostingPlan& plan, Instant now) {
    const PlanArrays a = to_arrays(plan);
    const auto updated = tx.exec_prepared(
        "ledger_post", pg::to_timestamptz(now), pg::to_array(a.source_micros),
        pg::to_array(a.account_nos), pg::to_array(a.counter_nos), pg::to_array(a.amounts),
        pg::to_array(a.balances), pg::to_array(a.versions), pg::to_array(a.source_kinds),
        pg::to_array(a.kinds), pg::to_array(a.source_ids), pg::to_array(a.changed_nos),
        pg::to_array(a.changed_balances), pg::to_array(a.changed_versions), pg::to_array(a.credits),
        pg::to_array(a.charges));
    PREPAY_ASSERT(updated.affected_rows() == plan.accounts.size());
}

SourceKey key_of(const Posting& posting) {
    return {to_text(posting.source_kind), posting.source_id};
}

/// Drops what was posted before, and repetitions within the batch.
Status drop_posted(pqxx::work& tx, std::vector<Posting>& postings) {
    std::vector<std::int64_t> source_micros;
    std::vector<std::string> kinds;
    std::vector<std::string> ids;
    for (const Posting& posting : postings) {
        source_micros.push_back(to_micros(posting.source_time));
        kinds.emplace_back(to_text(posting.source_kind));
        ids.push_back(posting.source_id);
    }
    std::map<SourceKey, std::pair<std::int64_t, std::int64_t>> posted;
    for (const pg::Row row :
         run_prepared(tx, "ledger_find_posted", kFindPosted, pg::to_array(source_micros),
                      pg::to_array(kinds), pg::to_array(ids))) {
        posted[{row.text("source_kind"), row.text("source_id")}] = {row.number("account_no"),
                                                                    row.number("amount_micros")};
    }
    std::vector<Posting> fresh;
    for (Posting& posting : postings) {
        const std::pair content{posting.account_no, posting.amount.micros()};
        const auto [known, is_new] = posted.emplace(key_of(posting), content);
        if (is_new) {
            fresh.push_back(std::move(posting));
        } else if (known->second != content) {
            return outbox::bad_message("source " + posting.source_id +
                                       " was posted before with another account or amount");
        }
    }
    postings = std::move(fresh);
    return absl::OkStatus();
}

Result<PostingPlan> plan(const std::vector<Posting>& postings,
                         const std::vector<LockedAccount>& accounts) {
    std::vector<AccountBalance> balances;
    balances.reserve(accounts.size());
    for (const LockedAccount& account : accounts) {
        balances.push_back(account.balance);
    }
    std::optional<PostingPlan> planned = plan_postings(postings, balances);
    if (!planned) {
        return outbox::bad_message("the postings cannot be worked out: sums out of range");
    }
    return *std::move(planned);
}

}  // namespace

void PgLedger::ensure_month(pqxx::work& tx, Instant time) {
    const auto days = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(days);
    const auto month = static_cast<std::int64_t>(static_cast<int>(date.year())) * 12 +
                       static_cast<std::int64_t>(unsigned{date.month()});
    {
        const std::lock_guard lock(mutex_);
        if (months_.contains(month)) {
            return;
        }
    }
    char name[32];
    std::snprintf(name, sizeof name, "entries_%04d%02u", static_cast<int>(date.year()),
                  unsigned{date.month()});
    const bool exists =
        pg::only<bool>(tx.exec_params1("SELECT to_regclass($1) IS NOT NULL", std::string(name)));
    if (!exists) {
        tx.exec_params("SELECT ensure_entries_month($1)", pg::to_timestamptz(time));
        return;  // Remembered by a later batch, which will see it committed.
    }
    const std::lock_guard lock(mutex_);
    months_.insert(month);
}

void PgLedger::prepare(pqxx::work& tx, const std::vector<Posting>& postings) {
    std::set<std::int64_t> seen;
    for (const Posting& posting : postings) {
        // Days are a cheap first sieve: a batch has few of them.
        const auto day = std::chrono::floor<std::chrono::days>(posting.source_time);
        if (seen.insert(day.time_since_epoch().count()).second) {
            ensure_month(tx, posting.source_time);
        }
    }
}

void PgLedger::prepare_ahead(pqxx::work& tx, Instant now, int ahead) {
    for (int month = 0; month <= ahead; ++month) {
        ensure_month(tx, now + std::chrono::days(30) * month);
    }
}

Result<PostingPlan> PgLedger::post(pqxx::work& tx, std::vector<Posting> postings,
                                   const std::vector<LockedAccount>& accounts, Instant now) {
    tx.conn().prepare("ledger_post", kPost);
    PREPAY_ASSIGN_OR_RETURN(PostingPlan planned, plan(postings, accounts));
    PREPAY_CRASH_POINT("ledger.before_post");
    bool repeated = false;
    // Repetitions are rare (the inbox drops them): they may cost a rollback to here. By SQL, since
    // pqxx::subtransaction starts its savepoint late and not at all for prepared statements.
    tx.exec("SAVEPOINT post");
    try {
        write(tx, planned, now);
    } catch (const pqxx::unique_violation&) {
        tx.exec("ROLLBACK TO SAVEPOINT post");
        repeated = true;
    }
    if (repeated) {
        const std::size_t offered_count = postings.size();
        PREPAY_RETURN_IF_ERROR(drop_posted(tx, postings));
        metrics_.duplicates(offered_count - postings.size());
        PREPAY_ASSIGN_OR_RETURN(planned, plan(postings, accounts));
        write(tx, planned, now);
    }
    metrics_.postings(planned.entries.size());
    PREPAY_CRASH_POINT("ledger.after_entries");
    return planned;
}

void PgLedger::post_counters(pqxx::work& tx, const PostingPlan& planned) {
    if (planned.counters.size() > 1) {
        std::vector<std::int64_t> nos;
        for (const auto& [no, change] : planned.counters) {
            nos.push_back(no);
        }
        run_prepared(
            tx, "ledger_lock_counters",
            "SELECT 1 FROM balances WHERE account_no = ANY($1::bigint[]) ORDER BY account_no"
            " FOR NO KEY UPDATE",
            pg::to_array(nos));
    }
    std::map<std::int64_t, std::pair<Money, Money>> split;  // Credit part, charge part.
    for (const Entry& entry : planned.entries) {
        auto& [credit, charge] = split[entry.posting.counter_no];
        if (entry.posting.source_kind == SourceKind::kCharge) {
            charge += entry.posting.amount;
        } else {
            credit -= entry.posting.amount;
        }
    }
    for (const auto& [no, change] : planned.counters) {
        run_prepared(
            tx, "ledger_counter",
            "UPDATE balances SET balance_micros = balance_micros + $2, version = version + $3,"
            " credit_total_micros = credit_total_micros + $4,"
            " charge_total_micros = charge_total_micros + $5 WHERE account_no = $1",
            no, change.amount.micros(), change.posting_count, split[no].first.micros(),
            split[no].second.micros());
    }
    PREPAY_CRASH_POINT("ledger.after_counters");
}

}  // namespace prepay::account

#include "credit/adapters/pg_credit.h"

#include <algorithm>

#include "books/domain/id.h"
#include "core/anchored_clock.h"
#include "core/crash_point.h"
#include "credit/convert.h"
#include "pg/row.h"
#include "telemetry/log.h"

namespace prepay::account {
namespace {

constexpr int kSweepMax = 200;

const std::string kSelectIntent =
    "SELECT i.intent_id, a.account_id, i.meter_id, i.action, i.state, i.balance_micros, " +
    pg::micros("i.create_time") + " AS create_micros, " + pg::micros("i.finish_time") +
    " AS finish_micros, i.reason_text FROM switch_intents i JOIN accounts a USING (account_no)";

constexpr const char* kDue = R"sql(
SELECT DISTINCT o.account_no FROM meter_switches s
JOIN occupancies o ON o.meter_id = s.meter_id AND o.end_time IS NULL AND NOT o.deleted
WHERE s.retry_time <= $1 OR s.meter_id IN (SELECT meter_id FROM switch_intents
    WHERE state = 'sending' AND claim_time <= $2)
LIMIT $3
)sql";

// Accounts whose meters are not as their money wants, with nothing under way: there should be none.
constexpr const char* kForgotten = R"sql(
SELECT DISTINCT a.account_no
FROM accounts a JOIN balances b USING (account_no) JOIN occupancies o USING (account_no)
JOIN meter_switches s USING (meter_id)
CROSS JOIN LATERAL (SELECT b.version > 0 AND b.balance_micros <= a.cut_floor_micros
                           AND NOT a.keep_power AS off) w
WHERE a.kind = 'purse' AND a.state = 'open' AND o.end_time IS NULL AND NOT o.deleted
    AND s.retry_time IS NULL AND ((w.off AND s.relay <> 'off') OR (NOT w.off AND s.relay <> 'on'))
    AND NOT EXISTS (SELECT 1 FROM switch_intents i WHERE i.meter_id = s.meter_id
                    AND i.state IN ('ready', 'sending'))
LIMIT $1
)sql";

IntentView intent_view(const pg::Row& row) {
    IntentView view;
    SwitchIntent& intent = view.intent;
    intent.intent_id = row.text("intent_id");
    intent.action = switch_action_from(row.text("action"));
    intent.state = intent_state_from(row.text("state"));
    intent.balance = Money::from_micros(row.number("balance_micros"));
    intent.create_time = row.time("create_micros");
    intent.finish_time = row.find_time("finish_micros");
    intent.reason_text = row.text("reason_text");
    view.account_id = row.text("account_id");
    view.meter_id = row.text("meter_id");
    return view;
}

}  // namespace

Result<PgCredit::Claimed> PgCredit::claim(pqxx::work& tx, const std::string& intent_id,
                                          const std::string& claimant) {
    PREPAY_RETURN_IF_ERROR(check_id("claimant", claimant));
    const auto found =
        run_prepared(tx, "credit_find",
                     "SELECT i.meter_id FROM switch_intents i WHERE i.intent_id = $1", intent_id);
    if (found.empty()) {
        return not_found("INTENT_NOT_FOUND", "there is no switch intent " + intent_id);
    }
    const auto meter_id = pg::only<std::string>(found[0]);
    Claimed claimed;
    const auto payers = switches_.payers(tx, {meter_id});
    if (!payers.empty()) {
        const LockedAccount account = book_.lock_one(tx, payers.begin()->second);
        const Instant now = clock_.now();
        for (OccupiedSwitch& occupied : switches_.load(tx, {account.balance.account_no})) {
            if (occupied.meter.meter_id == meter_id) {
                claimed.is_granted =
                    account::claim(occupied.meter, intent_id, claimant, context_of(account, now));
                switches_.save(tx, occupied.meter, now);
            }
        }
    }
    const auto rows = tx.exec_params(kSelectIntent + " WHERE i.intent_id = $1", intent_id);
    claimed.intent = intent_view(rows[0]);
    PREPAY_CRASH_POINT("credit.claimed");
    return claimed;
}

Result<CutCheck> PgCredit::check_cut(pqxx::work& tx, const std::string& meter_id) {
    PREPAY_RETURN_IF_ERROR(check_id("meter_id", meter_id));
    CutCheck check;
    const auto payers = tx.exec_params(
        "SELECT a.account_id, a.keep_power, a.keep_power_user, a.keep_power_reason," +
            pg::micros("a.keep_power_time") +
            " AS keep_micros, o.room_id, o.vacancy"
            " FROM occupancies o JOIN accounts a USING (account_no)"
            " WHERE o.meter_id = $1 AND o.end_time IS NULL AND NOT o.deleted",
        meter_id);
    for (const pg::Row row : payers) {
        check.room_id = row.text("room_id");
        if (row.get<bool>("vacancy")) {
            continue;
        }
        check.account_id = row.text("account_id");
        if (row.get<bool>("keep_power")) {
            check.keep_power = true;
            check.keep_reason = row.text("keep_power_reason");
            check.keep_user = row.text("keep_power_user");
            check.keep_time = row.find_time("keep_micros");
        }
    }
    return check;
}

pg::Page<IntentView> PgCredit::list(pqxx::work& tx, const IntentFilter& filter) {
    const auto rows = tx.exec_params(
        kSelectIntent +
            " WHERE ($1 = '' OR a.account_id = $1) AND ($2 = '' OR i.meter_id = $2)"
            " AND ($3 = '' OR (i.create_time, i.intent_id) <"
            " (SELECT create_time, intent_id FROM switch_intents WHERE intent_id = $3))"
            " ORDER BY i.create_time DESC, i.intent_id DESC LIMIT $4",
        filter.account_id, filter.meter_id, filter.after_intent_id, filter.limit + 1);
    return pg::read_page(rows, filter.limit, "intent_id", intent_view);
}

Status PgCredit::sweep_account(std::int64_t account_no) {
    return database_.transact([&](pqxx::work& tx) -> Status {
        if (tx.exec_params("SELECT 1 FROM balances WHERE account_no = $1"
                           " FOR NO KEY UPDATE SKIP LOCKED",
                           account_no)
                .empty()) {
            return absl::OkStatus();  // Somebody is at work on it; the next sweep looks again.
        }
        const LockedAccount account = book_.lock_one(tx, account_no);
        const Instant now = clock_.now();
        const SwitchContext context = context_of(account, now);
        for (OccupiedSwitch& occupied : switches_.load(tx, {account_no})) {
            expire_claims(occupied.meter, claim_timeout_, context);
            reconcile(occupied.meter, context);
            switches_.save(tx, occupied.meter, now);
        }
        return absl::OkStatus();
    });
}

Result<int> PgCredit::sweep(bool full) {
    if (is_in_doubt(clock_)) {
        return 0;  // Nobody knows what is due.
    }
    const Instant now = clock_.now();
    PREPAY_ASSIGN_OR_RETURN(
        const std::vector<std::int64_t> due,
        database_.read([&](pqxx::work& tx) -> Result<std::vector<std::int64_t>> {
            std::vector<std::int64_t> nos;
            for (const auto& row :
                 tx.exec_params(kDue, pg::to_timestamptz(now),
                                pg::to_timestamptz(now - claim_timeout_), kSweepMax)) {
                nos.push_back(pg::only<std::int64_t>(row));
            }
            if (full) {
                for (const auto& row : tx.exec_params(kForgotten, kSweepMax)) {
                    nos.push_back(pg::only<std::int64_t>(row));
                }
            }
            return nos;
        }));
    for (const std::int64_t account_no : due) {
        PREPAY_RETURN_IF_ERROR(sweep_account(account_no));
    }
    return static_cast<int>(due.size());
}

}  // namespace prepay::account

#include "credit/adapters/pg_credit.h"

#include <algorithm>

#include "books/domain/id.h"
#include "core/anchored_clock.h"
#include "core/crash_point.h"
#include "credit/convert.h"
#include "pg/page.h"
#include "pg/row.h"
#include "rpc/request_rules.h"
#include "telemetry/log.h"

namespace prepay::account {
namespace {

constexpr int kSweepMax = 200;

constexpr const char* kSelectIntent = R"sql(
SELECT i.intent_id, a.account_id, i.meter_id, i.action, i.state, i.balance_micros,
       (extract(epoch from i.create_time) * 1000000)::bigint AS create_micros,
       (extract(epoch from i.finish_time) * 1000000)::bigint AS finish_micros, i.reason_text
FROM switch_intents i JOIN accounts a USING (account_no)
)sql";

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

v1::SwitchIntent intent_proto(const pg::Row& row) {
    SwitchIntent intent;
    intent.intent_id = row.text("intent_id");
    intent.action = switch_action_from(row.text("action"));
    intent.state = intent_state_from(row.text("state"));
    intent.balance = Money::from_micros(row.number("balance_micros"));
    intent.create_time = row.time("create_micros");
    intent.finish_time = row.find_time("finish_micros");
    intent.reason_text = row.text("reason_text");
    v1::SwitchIntent message = to_proto(intent);
    message.set_account_id(row.text("account_id"));
    message.set_meter_id(row.text("meter_id"));
    return message;
}

}  // namespace

Result<v1::ClaimSwitchIntentResponse> PgCredit::claim(pqxx::work& tx,
                                                      const v1::ClaimSwitchIntentRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_id("claimant", request.claimant()));
    const auto found = run_prepared(
        tx, "credit_find", "SELECT i.meter_id FROM switch_intents i WHERE i.intent_id = $1",
        request.intent_id());
    if (found.empty()) {
        return not_found("INTENT_NOT_FOUND", "there is no switch intent " + request.intent_id());
    }
    const auto meter_id = pg::only<std::string>(found[0]);
    v1::ClaimSwitchIntentResponse response;
    const auto payers = switches_.payers(tx, {meter_id});
    if (!payers.empty()) {
        const LockedAccount account = book_.lock_one(tx, payers.begin()->second);
        const Instant now = clock_.now();
        for (OccupiedSwitch& occupied : switches_.load(tx, {account.balance.account_no})) {
            if (occupied.meter.meter_id == meter_id) {
                response.set_granted(account::claim(occupied.meter, request.intent_id(),
                                                    request.claimant(), context_of(account, now)));
                switches_.save(tx, occupied.meter, now);
            }
        }
    }
    const auto rows =
        tx.exec_params(std::string(kSelectIntent) + " WHERE i.intent_id = $1", request.intent_id());
    *response.mutable_intent() = intent_proto(rows[0]);
    PREPAY_CRASH_POINT("credit.claimed");
    return response;
}

Result<v1::CheckCutResponse> PgCredit::check_cut(pqxx::work& tx,
                                                 const v1::CheckCutRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_id("meter_id", request.meter_id()));
    v1::CheckCutResponse response;
    response.set_allowed(true);
    const auto payers = tx.exec_params(
        "SELECT a.account_id, a.keep_power, a.keep_power_user, a.keep_power_reason,"
        " (extract(epoch from a.keep_power_time) * 1000000)::bigint AS keep_micros,"
        " o.room_id, o.vacancy"
        " FROM occupancies o JOIN accounts a USING (account_no)"
        " WHERE o.meter_id = $1 AND o.end_time IS NULL AND NOT o.deleted",
        request.meter_id());
    for (const pg::Row row : payers) {
        response.set_room_id(row.text("room_id"));
        if (row.get<bool>("vacancy")) {
            continue;
        }
        response.set_account_id(row.text("account_id"));
        if (row.get<bool>("keep_power")) {
            response.set_allowed(false);
            response.set_reason("KEEP_POWER");
            response.set_reason_text(row.text("keep_power_reason"));
            response.set_user(row.text("keep_power_user"));
            if (const auto set_time = row.find_time("keep_micros")) {
                *response.mutable_set_time() = to_proto(*set_time);
            }
        }
    }
    return response;
}

Result<v1::ListSwitchIntentsResponse> PgCredit::list(pqxx::work& tx,
                                                     const v1::ListSwitchIntentsRequest& request) {
    const int limit = rpc::page_size_of(request.page_size());
    const auto rows = tx.exec_params(
        std::string(kSelectIntent) +
            " WHERE ($1 = '' OR a.account_id = $1) AND ($2 = '' OR i.meter_id = $2)"
            " AND ($3 = '' OR (i.create_time, i.intent_id) <"
            " (SELECT create_time, intent_id FROM switch_intents WHERE intent_id = $3))"
            " ORDER BY i.create_time DESC, i.intent_id DESC LIMIT $4",
        request.account_id(), request.meter_id(), request.page_token(), limit + 1);
    v1::ListSwitchIntentsResponse response;
    pg::fill_page(rows, limit, "intent_id", response,
                  [&](const pg::Row& row) { *response.add_intents() = intent_proto(row); });
    return response;
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

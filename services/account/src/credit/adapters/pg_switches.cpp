#include "credit/adapters/pg_switches.h"

#include "books/adapters/events.h"
#include "core/crash_point.h"
#include "core/ids.h"
#include "credit/convert.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {
namespace {

constexpr const char* kIntentsTopic = "prepay.account.switch-intents.v1";

const std::string kLoad = "SELECT o.account_no, s.meter_id, s.relay, s.last_seq, s.settled_seq, " +
                          pg::micros("s.settled_time") +
                          " AS settled_micros, s.failure_count, s.failed_action, " +
                          pg::micros("s.retry_time") + R"sql( AS retry_micros
FROM occupancies o JOIN meter_switches s USING (meter_id)
WHERE o.account_no = ANY($1::bigint[]) AND o.end_time IS NULL AND NOT o.deleted
ORDER BY s.meter_id FOR UPDATE OF s
)sql";

const std::string kLoadIntents =
    "SELECT meter_id, intent_id, seq, account_no, action, state, revision, claimant,"
    " balance_micros, " +
    pg::micros("create_time") + " AS create_micros, " + pg::micros("claim_time") +
    R"sql( AS claim_micros, reason_text
FROM switch_intents WHERE meter_id = ANY($1::text[]) AND state IN ('ready', 'sending')
ORDER BY meter_id, seq
)sql";

constexpr const char* kUpsertIntent = R"sql(
INSERT INTO switch_intents (intent_id, meter_id, seq, account_no, action, state, revision, claimant,
                            balance_micros, create_time, claim_time, finish_time, reason_text)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULLIF($11, '')::timestamptz,
        NULLIF($12, '')::timestamptz, $13)
ON CONFLICT (intent_id) DO UPDATE SET state = EXCLUDED.state, revision = EXCLUDED.revision,
    claimant = EXCLUDED.claimant, claim_time = EXCLUDED.claim_time,
    finish_time = EXCLUDED.finish_time
)sql";

constexpr const char* kUpdateMeter = R"sql(
UPDATE meter_switches SET relay = $2, last_seq = $3, settled_seq = $4, settled_time = $5,
    failure_count = $6, failed_action = $7, retry_time = NULLIF($8, '')::timestamptz
WHERE meter_id = $1
)sql";

MeterSwitch to_meter(const pg::Row& row) {
    MeterSwitch meter;
    meter.meter_id = row.text("meter_id");
    meter.relay = relay_belief_from(row.text("relay"));
    meter.last_seq = row.get<int>("last_seq");
    meter.settled_seq = row.get<int>("settled_seq");
    meter.settled_time = row.time("settled_micros");
    meter.failure_count = row.get<int>("failure_count");
    if (const auto action = row.text("failed_action"); !action.empty()) {
        meter.failed_action = switch_action_from(action);
    }
    meter.retry_time = row.find_time("retry_micros");
    return meter;
}

SwitchIntent to_intent(const pg::Row& row) {
    SwitchIntent intent;
    intent.intent_id = row.text("intent_id");
    intent.seq = row.get<int>("seq");
    intent.account_no = row.number("account_no");
    intent.action = switch_action_from(row.text("action"));
    intent.state = intent_state_from(row.text("state"));
    intent.revision = row.number("revision");
    intent.claimant = row.text("claimant");
    intent.balance = Money::from_micros(row.number("balance_micros"));
    intent.create_time = row.time("create_micros");
    intent.claim_time = row.find_time("claim_micros");
    intent.reason_text = row.text("reason_text");
    return intent;
}

IntentView view_of(pqxx::work& tx, const std::string& meter_id, const SwitchIntent& intent) {
    return {intent, meter_id,
            pg::only<std::string>(tx.exec_params1(
                "SELECT account_id FROM accounts WHERE account_no = $1", intent.account_no))};
}

}  // namespace

SwitchContext context_of(const LockedAccount& account, Instant now) {
    return {account.balance.account_no, account.wish(), account.balance.balance, now};
}

std::vector<OccupiedSwitch> PgSwitches::load(pqxx::work& tx,
                                             const std::vector<std::int64_t>& account_nos) {
    std::vector<OccupiedSwitch> switches;
    std::map<std::string, std::size_t> places;
    std::vector<std::string> meter_ids;
    for (const auto& row :
         run_prepared(tx, "switch_load", kLoad.c_str(), pg::to_array(account_nos))) {
        switches.push_back({row["account_no"].as<std::int64_t>(), to_meter(row)});
        places[switches.back().meter.meter_id] = switches.size() - 1;
        meter_ids.push_back(switches.back().meter.meter_id);
    }
    if (meter_ids.empty()) {
        return switches;
    }
    for (const auto& row :
         run_prepared(tx, "switch_load_intents", kLoadIntents.c_str(), pg::to_array(meter_ids))) {
        switches[places.at(row["meter_id"].as<std::string>())].meter.intents.push_back(
            to_intent(row));
    }
    return switches;
}

std::map<std::string, std::int64_t> PgSwitches::payers(pqxx::work& tx,
                                                       const std::vector<std::string>& meter_ids) {
    std::map<std::string, std::int64_t> found;
    for (const auto& row : run_prepared(
             tx, "switch_payers",
             "SELECT meter_id, account_no FROM occupancies WHERE meter_id = ANY($1::text[])"
             " AND end_time IS NULL AND NOT deleted",
             pg::to_array(meter_ids))) {
        found[row["meter_id"].as<std::string>()] = row["account_no"].as<std::int64_t>();
    }
    return found;
}

std::vector<std::string> PgSwitches::switched(pqxx::work& tx, const std::vector<std::string>& told,
                                              const std::vector<std::string>& held) {
    std::vector<std::string> found;
    for (const auto& row :
         run_prepared(tx, "intake_switched",
                      "SELECT meter_id FROM meter_switches WHERE meter_id = ANY($1::text[])"
                      " AND (relay <> 'on' OR failure_count > 0) OR meter_id = ANY($2::text[])",
                      pg::to_array(told), pg::to_array(held))) {
        found.push_back(pg::only<std::string>(row));
    }
    return found;
}

Status PgSwitches::tell_ready(pqxx::work& tx, const outbox::SnapshotRequest& request,
                              const outbox::EmitEvent& emit) const {
    const outbox::EventWriter events = event_writer(outbox_, clock_);
    std::vector<std::string> meter_ids;
    for (const auto& row :
         tx.exec("SELECT meter_id FROM switch_intents WHERE state = 'ready' ORDER BY meter_id")) {
        const auto meter_id = row["meter_id"].as<std::string>();
        if (partition_of(meter_id, request.partition_count) == request.partition) {
            meter_ids.push_back(meter_id);
        }
    }
    for (const auto& row :
         run_prepared(tx, "switch_load_intents", kLoadIntents.c_str(), pg::to_array(meter_ids))) {
        const SwitchIntent intent = to_intent(row);
        if (intent.state != IntentState::kReady) {
            continue;
        }
        const auto meter_id = row["meter_id"].as<std::string>();
        PREPAY_RETURN_IF_ERROR(
            events.emit(emit, request.topic, meter_id, to_event(view_of(tx, meter_id, intent))));
    }
    return absl::OkStatus();
}

void PgSwitches::save(pqxx::work& tx, MeterSwitch& meter, Instant now) {
    for (SwitchIntent& intent : meter.intents) {  // By seq: a cancelled one before its successor.
        if (!intent.changed) {
            continue;
        }
        if (intent.intent_id.empty()) {
            intent.intent_id = new_id(clock_);
        }
        run_prepared(tx, "switch_upsert", kUpsertIntent, intent.intent_id, meter.meter_id,
                     intent.seq, intent.account_no, std::string(to_text(intent.action)),
                     std::string(to_text(intent.state)), intent.revision, intent.claimant,
                     intent.balance.micros(), pg::to_timestamptz(intent.create_time),
                     pg::to_timestamptz(intent.claim_time, ""),
                     pg::to_timestamptz(intent.finish_time, ""), intent.reason_text);
        event_writer(outbox_, clock_)
            .append(tx, kIntentsTopic, meter.meter_id,
                    to_event(view_of(tx, meter.meter_id, intent)), now);
        metrics_.switch_intent(to_text(intent.action), to_text(intent.state));
        intent.changed = false;
    }
    if (meter.changed) {
        run_prepared(tx, "switch_update_meter", kUpdateMeter, meter.meter_id,
                     std::string(to_text(meter.relay)), meter.last_seq, meter.settled_seq,
                     pg::to_timestamptz(meter.settled_time), meter.failure_count,
                     std::string(meter.failed_action ? to_text(*meter.failed_action) : ""),
                     pg::to_timestamptz(meter.retry_time, ""));
        meter.changed = false;
    }
    PREPAY_CRASH_POINT("credit.intents_saved");
}

void PgSwitches::reconcile(pqxx::work& tx, const std::vector<LockedAccount>& accounts,
                           Instant now) {
    std::map<std::int64_t, const LockedAccount*> by_no;
    std::vector<std::int64_t> nos;
    for (const LockedAccount& account : accounts) {
        by_no[account.balance.account_no] = &account;
        nos.push_back(account.balance.account_no);
    }
    for (OccupiedSwitch& occupied : load(tx, nos)) {
        account::reconcile(occupied.meter, context_of(*by_no.at(occupied.account_no), now));
        save(tx, occupied.meter, now);
    }
}

bool PgSwitches::update_cut(pqxx::work& tx, const LockedAccount& account) {
    const auto changed = run_prepared(
        tx, "switch_update_cut",
        "UPDATE accounts a SET cut = n.cut FROM (SELECT EXISTS (SELECT 1 FROM occupancies o"
        " JOIN meter_switches s USING (meter_id) WHERE o.account_no = $1 AND o.end_time IS NULL"
        " AND NOT o.deleted AND s.relay = 'off') AND (SELECT kind = 'purse' FROM accounts"
        " WHERE account_no = $1) AS cut) n WHERE a.account_no = $1 AND a.cut <> n.cut",
        account.balance.account_no);
    return changed.affected_rows() == 1;
}

}  // namespace prepay::account

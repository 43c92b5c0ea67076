#include "rating/adapters/pg_tier_counters.h"

#include "pg/database.h"
#include "rating/adapters/pg_meter_rows.h"
#include "tariffs/adapters/pg_rows.h"

namespace prepay::billing {
namespace {

/// What of tier counters is to be written.
struct CounterRows {
    NumberColumns numbers{3};
    std::vector<std::string> accounts;
    std::vector<std::string> spans;

    std::vector<std::string> finish() {
        std::vector<std::string> parameters = numbers.finish();
        parameters.push_back(pg::to_array(accounts));
        parameters.push_back(pg::to_array(spans));
        return parameters;
    }
};

constexpr const char* kCounterSource =
    "unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])"
    " AS u(meter_key, span_key, used, account_id, span) JOIN accounts a USING (account_id)";

}  // namespace

void load_counters(pqxx::work& tx, std::vector<MeterWork>& works) {
    const auto rows = tx.exec_params(
        "SELECT c.meter_key, a.account_id, c.tier_span, c.span_key, c.used"
        " FROM tier_counters c JOIN accounts a USING (account_key)"
        " WHERE c.meter_key = ANY ($1::bigint[]) ORDER BY c.meter_key",
        key_array(works));
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        const std::string account_id = row.text("account_id");
        const TierCounter counter{tier_span_of(row.text("tier_span")),
                                  row.get<std::int32_t>("span_key"), row.number("used")};
        work.state.counters[account_id] = counter;
        work.stored_counters[account_id] = counter;
    });
}

void save_counters(pqxx::work& tx, const std::vector<MeterWork>& works) {
    CounterRows changed;
    CounterRows fresh;
    for (const MeterWork& work : works) {
        for (const auto& [account_id, counter] : work.state.counters) {
            const auto stored = work.stored_counters.find(account_id);
            const bool is_stored = stored != work.stored_counters.end();
            if (counter == (is_stored ? stored->second : TierCounter())) {
                continue;
            }
            CounterRows& rows = is_stored ? changed : fresh;
            rows.numbers.add({work.meter_key, counter.span_key, counter.used});
            rows.accounts.push_back(account_id);
            rows.spans.push_back(to_text(counter.span));
        }
    }
    if (!changed.accounts.empty()) {
        tx.exec_params(
            std::string("UPDATE tier_counters c SET tier_span = u.span, span_key = u.span_key::int,"
                        " used = u.used FROM ") +
                kCounterSource +
                " WHERE c.meter_key = u.meter_key AND c.account_key = a.account_key",
            pqxx::prepare::make_dynamic_params(changed.finish()));
    }
    if (!fresh.accounts.empty()) {
        tx.exec_params(std::string("INSERT INTO tier_counters (meter_key, account_key, tier_span,"
                                   " span_key, used) SELECT u.meter_key, a.account_key, u.span,"
                                   " u.span_key::int, u.used FROM ") +
                           kCounterSource,
                       pqxx::prepare::make_dynamic_params(fresh.finish()));
    }
}

}  // namespace prepay::billing

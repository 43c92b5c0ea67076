#include "rating/adapters/pg_occupancies.h"

#include "rating/adapters/pg_meter_rows.h"
#include "tariffs/adapters/pg_rows.h"

namespace prepay::billing {

void load_occupancies(pqxx::work& tx, std::vector<MeterWork>& works) {
    for (MeterWork& work : works) {
        work.state.occupancies.clear();
    }
    const auto rows = tx.exec_params(
        "SELECT o.meter_key, o.occupancy_key, o.occupancy_id, a.account_id, o.account_key,"
        " o.room_id, o.site_id, to_micros(o.start_time) AS start_time,"
        " to_micros(o.end_time) AS end_time, o.opening_register, o.closing_register, o.revision, "
        "o.vacancy"
        " FROM occupancies o JOIN accounts a USING (account_key)"
        " WHERE o.meter_key = ANY ($1::bigint[]) AND NOT o.deleted"
        " ORDER BY o.meter_key, o.start_time, o.occupancy_key",
        key_array(works));
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        Occupancy o;
        o.key = row.number("occupancy_key");
        o.occupancy_id = row.text("occupancy_id");
        o.account_id = row.text("account_id");
        o.account_key = row.number("account_key");
        o.room_id = row.text("room_id");
        o.site_id = row.text("site_id");
        o.start = row.time("start_time");
        o.end = row.find_time("end_time");
        o.opening_register = row.number("opening_register");
        o.closing_register = row.number("closing_register");
        o.revision = row.number("revision");
        o.vacancy = row.get<bool>("vacancy");
        work.state.occupancies.push_back(std::move(o));
    });
}

void upsert_occupancies(pqxx::work& tx, std::int64_t meter_key,
                        const std::vector<Occupancy>& occupancies) {
    for (const Occupancy& o : occupancies) {
        tx.exec_params(
            "INSERT INTO occupancies AS stored (occupancy_id, meter_key, account_key, room_id,"
            " site_id, start_time, end_time, opening_register, closing_register, revision,"
            " vacancy, deleted) VALUES ($1, $2, $3, $4, $5, to_time($6),"
            " to_time(nullif($7::bigint, $8::bigint)), $9, $10, $11, $12, $13)"
            " ON CONFLICT (occupancy_id, meter_key) DO UPDATE SET"
            " start_time = excluded.start_time, end_time = excluded.end_time,"
            " opening_register = excluded.opening_register,"
            " closing_register = excluded.closing_register, revision = excluded.revision,"
            " vacancy = excluded.vacancy, deleted = excluded.deleted"
            " WHERE stored.revision < excluded.revision",
            o.occupancy_id, meter_key, o.account_key, o.room_id, o.site_id, to_micros(o.start),
            o.end ? to_micros(*o.end) : kSqlNull, kSqlNull, o.opening_register, o.closing_register,
            o.revision, o.vacancy, o.deleted);
    }
}

}  // namespace prepay::billing

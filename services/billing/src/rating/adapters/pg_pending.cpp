#include "rating/adapters/pg_pending.h"

#include "rating/adapters/pg_meter_rows.h"
#include "tariffs/adapters/pg_rows.h"

namespace prepay::billing {

void take_pending(pqxx::work& tx, std::vector<MeterWork>& works) {
    const auto rows = tx.exec_params(
        "WITH taken AS (DELETE FROM pending_readings WHERE meter_key = ANY ($1::bigint[])"
        " RETURNING *) SELECT meter_key, to_micros(slot_time) AS slot_time, revision,"
        " to_micros(read_time) AS read_time, register_total AS register, register_epoch AS epoch,"
        " reading_id FROM taken ORDER BY meter_key",
        key_array(works));
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        work.readings.push_back(*read_reading(row, ""));
    });
}

void save_pending(pqxx::work& tx, const std::vector<MeterWork>& works) {
    NumberColumns columns(7);
    bool any = false;
    for (const MeterWork& work : works) {
        for (const Reading& reading : work.pending) {
            any = true;
            columns.add({work.meter_key, to_micros(reading.slot_time), reading.epoch,
                         reading.revision, to_micros(reading.read_time), reading.total.base_units(),
                         reading.reading_id});
        }
    }
    if (!any) {
        return;
    }
    tx.exec_params(
        "INSERT INTO pending_readings (meter_key, slot_time, register_epoch, revision,"
        " read_time, register_total, reading_id) SELECT u.meter_key, to_time(u.slot),"
        " u.epoch::int, u.revision::int, to_time(u.moment), u.total, u.id FROM " +
            NumberColumns::unnest(
                {"meter_key", "slot", "epoch", "revision", "moment", "total", "id"}) +
            " ON CONFLICT DO NOTHING",
        pqxx::prepare::make_dynamic_params(columns.finish()));
}

std::int64_t count_pending(pqxx::work& tx) {
    return pg::only<std::int64_t>(tx.exec1("SELECT count(*) FROM pending_readings"));
}

}  // namespace prepay::billing

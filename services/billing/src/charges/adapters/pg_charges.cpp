#include "charges/adapters/pg_charges.h"

#include "charges/adapters/pg_charge_lines.h"
#include "pg/database.h"
#include "pg/row.h"
#include "tariffs/adapters/pg_rows.h"

namespace prepay::billing {
namespace {

const std::string kSelect =
    "SELECT c.charge_id, c.reversal_of, c.meter_key, m.meter_id, c.account_key, a.account_id,"
    " o.room_id, o.site_id, c.occupancy_key, c.tariff_key, t.tariff_id, c.tariff_version,"
    " t.resource, to_micros(c.start_time) AS start_time, to_micros(c.end_time) AS end_time,"
    " c.start_register, c.end_register, c.quantity, c.amount_micros, c.amount_nanos,"
    " c.amount_picos_rest, c.lines,"
    " c.tier_span_before, c.tier_span_key_before, c.tier_quantity_before, c.tier_span_after,"
    " c.tier_span_key_after, c.tier_quantity_after, c.remainder_before_picos,"
    " c.remainder_after_picos, c.register_epoch, to_micros(c.from_slot_time) AS from_slot_time,"
    " to_micros(c.from_time) AS from_time, c.from_register, c.from_reading_id,"
    " to_micros(c.to_slot_time) AS to_slot_time, to_micros(c.to_time) AS to_time, c.to_register,"
    " c.to_reading_id"
    " FROM charges c JOIN meters m USING (meter_key) JOIN accounts a USING (account_key)"
    " JOIN occupancies o USING (occupancy_key) JOIN tariffs t USING (tariff_key)";

EnergyBasis read_energy(const pg::Row& row) {
    const int epoch = row.get<int>("register_epoch");
    const auto total = [&](const char* column) {
        return RegisterTotal::from_base_units(row.number(column));
    };
    EnergyBasis b;
    b.tariff_key = row.number("tariff_key");
    b.tariff_id = row.text("tariff_id");
    b.tariff_version = row.get<int>("tariff_version");
    b.start_register = row.number("start_register");
    b.end_register = row.number("end_register");
    b.quantity = {resource_of(row.text("resource")), row.number("quantity")};
    b.before = {tier_span_of(row.text("tier_span_before")),
                row.get<std::int32_t>("tier_span_key_before"), row.number("tier_quantity_before")};
    b.after = {tier_span_of(row.text("tier_span_after")),
               row.get<std::int32_t>("tier_span_key_after"), row.number("tier_quantity_after")};
    b.from = {row.time("from_slot_time"), 0,     row.time("from_time"),
              total("from_register"),     epoch, row.number("from_reading_id")};
    b.to = {row.time("to_slot_time"), 0,     row.time("to_time"),
            total("to_register"),     epoch, row.number("to_reading_id")};
    return b;
}

Charge read_charge(const pg::Row& row) {
    Charge c;
    c.charge_id = row.number("charge_id");
    c.reversal_of = row.find<std::int64_t>("reversal_of");
    c.account_key = row.number("account_key");
    c.account_id = row.text("account_id");
    c.occupancy_key = row.number("occupancy_key");
    c.meter_key = row.number("meter_key");
    c.meter_id = row.text("meter_id");
    c.room_id = row.text("room_id");
    c.site_id = row.text("site_id");
    c.start = row.time("start_time");
    c.end = row.time("end_time");
    c.amount_micros = row.number("amount_micros");
    const std::int64_t nanos = row.number("amount_nanos");
    c.amount_picos = join_picos(nanos, row.number("amount_picos_rest"));
    c.remainder_before_picos = row.number("remainder_before_picos");
    c.remainder_after_picos = row.number("remainder_after_picos");
    c.lines = read_lines(row.text("lines"), resource_of(row.text("resource")));
    c.basis = read_energy(row);
    return c;
}

std::vector<Charge> read_charges(const pqxx::result& rows) {
    std::vector<Charge> charges;
    charges.reserve(rows.size());
    for (const auto& row : rows) {
        charges.push_back(read_charge(row));
    }
    return charges;
}

const std::string kNotReversed =
    " AND c.reversal_of IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM charges r WHERE r.reversal_of = c.charge_id)";

}  // namespace

std::vector<Charge> charges_since(pqxx::work& tx, std::int64_t meter_key, Instant moment) {
    return read_charges(tx.exec_params(
        kSelect + " WHERE c.meter_key = $1 AND c.to_time >= to_time($2)" + kNotReversed +
            " ORDER BY c.register_epoch, c.to_slot_time, c.start_time, c.charge_id",
        meter_key, to_micros(moment)));
}

std::vector<std::size_t> find_inside_charges(
    pqxx::work& tx, const std::vector<std::pair<std::int64_t, Reading>>& readings) {
    std::vector<std::size_t> found;
    if (readings.empty()) {
        return found;
    }
    NumberColumns columns(6);
    std::int64_t place = 0;
    for (const auto& [meter_key, reading] : readings) {
        columns.add({place++, meter_key, to_micros(reading.slot_time), to_micros(reading.read_time),
                     reading.total.base_units(), reading.epoch});
    }
    const auto rows = tx.exec_params(
        "SELECT u.place FROM " +
            NumberColumns::unnest({"place", "meter_key", "slot", "moment", "total", "epoch"}) +
            " WHERE EXISTS (SELECT 1 FROM charges c WHERE c.meter_key = u.meter_key"
            " AND c.to_time > to_time(u.moment) AND c.from_time < to_time(u.moment)"
            " AND c.from_slot_time < to_time(u.slot) AND c.to_slot_time > to_time(u.slot)"
            " AND c.from_register <= u.total AND c.to_register >= u.total"
            " AND c.register_epoch = u.epoch" +
            kNotReversed + ")",
        pqxx::prepare::make_dynamic_params(columns.finish()));
    for (const auto& row : rows) {
        found.push_back(pg::only<std::size_t>(row));
    }
    return found;
}

std::optional<std::string> find_rated_after(pqxx::work& tx,
                                            const std::vector<std::int64_t>& meter_keys,
                                            Instant moment) {
    const auto rows = tx.exec_params(
        "SELECT m.meter_id FROM meters m WHERE m.meter_key = ANY ($1::bigint[]) AND EXISTS"
        " (SELECT 1 FROM charges c WHERE c.meter_key = m.meter_key AND c.to_time > to_time($2)" +
            kNotReversed + ") ORDER BY m.meter_id LIMIT 1",
        pg::to_array(meter_keys), to_micros(moment));
    return rows.empty() ? std::nullopt : std::optional(pg::only<std::string>(rows.front()));
}

std::vector<Charge> list_charges(pqxx::work& tx, const ChargeFilter& filter) {
    const bool by_account = !filter.account_id.empty();
    const Instant start = filter.start.value_or(from_micros(kSqlNull));
    const Instant end = filter.end.value_or(from_micros(kSqlNull));
    return read_charges(tx.exec_params(
        kSelect + " WHERE " +
            (by_account ? "c.account_key = (SELECT account_key FROM accounts WHERE account_id = $1)"
                        : "c.meter_key = (SELECT meter_key FROM meters WHERE meter_id = $1)") +
            " AND ($2 = '' OR m.meter_id = $2) AND ($3::bigint = $6 OR c.end_time > "
            "to_time(nullif($3, $6)))"
            " AND ($4::bigint = $6 OR c.start_time < to_time(nullif($4, $6)))"
            " AND ($5::bigint = 0 OR c.charge_id < $5)"
            " ORDER BY c.charge_id DESC LIMIT $7",
        by_account ? filter.account_id : filter.meter_id, by_account ? filter.meter_id : "",
        to_micros(start), to_micros(end), filter.below_charge_id, kSqlNull, filter.limit));
}

std::optional<Charge> find_charge(pqxx::work& tx, std::int64_t charge_id) {
    const auto rows = tx.exec_params(kSelect + " WHERE c.charge_id = $1", charge_id);
    return rows.empty() ? std::nullopt : std::optional(read_charge(rows.front()));
}

std::vector<Charge> find_charges(pqxx::work& tx, const std::vector<std::int64_t>& charge_ids) {
    return read_charges(tx.exec_params(kSelect + " WHERE c.charge_id = ANY ($1::bigint[])",
                                       pg::to_array(charge_ids)));
}

std::vector<Charge> charges_after(pqxx::work& tx, std::int64_t account_key, std::int64_t after_id,
                                  int count_max) {
    return read_charges(tx.exec_params(
        kSelect + " WHERE c.account_key = $1 AND c.charge_id > $2 ORDER BY c.charge_id LIMIT $3",
        account_key, after_id, count_max));
}

std::vector<std::int64_t> last_charges_of(pqxx::work& tx, const std::string& account_id) {
    std::vector<std::int64_t> charge_ids;
    for (const pg::Row row :
         tx.exec_params("SELECT c.charge_id FROM charges c JOIN accounts a USING (account_key)"
                        " WHERE a.account_id = $1 ORDER BY c.charge_id DESC LIMIT 100",
                        account_id)) {
        charge_ids.push_back(row.number("charge_id"));
    }
    return charge_ids;
}

}  // namespace prepay::billing

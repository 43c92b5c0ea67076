#include "charges/adapters/pg_new_charges.h"

#include "charges/adapters/pg_charge_lines.h"
#include "pg/database.h"
#include "pg/row.h"
#include "tariffs/adapters/pg_rows.h"

namespace prepay::billing {
namespace {

const std::vector<std::string> kNumberColumns = {
    "charge_id",        "meter_key",       "account_key",    "occupancy_key",  "tariff_key",
    "tariff_version",   "start_time",      "end_time",       "start_register", "end_register",
    "quantity",         "amount_micros",   "amount_nanos",   "amount_picos",   "span_before",
    "key_before",       "used_before",     "span_after",     "key_after",      "used_after",
    "remainder_before", "remainder_after", "register_epoch", "from_slot",      "from_time",
    "from_register",    "from_reading_id", "to_slot",        "to_time",        "to_register",
    "to_reading_id",    "reversal_of"};

std::vector<std::int64_t> new_charge_ids(pqxx::work& tx, std::size_t count) {
    std::vector<std::int64_t> ids;
    ids.reserve(count);
    for (const auto& row :
         tx.exec_params("SELECT nextval('charge_ids') FROM generate_series(1, $1)",
                        static_cast<std::int64_t>(count))) {
        ids.push_back(pg::only<std::int64_t>(row));
    }
    return ids;
}

std::string insert_sql() {
    const auto span = [](const std::string& column) {
        return "(ARRAY['none', 'month', 'quarter', 'year'])[u." + column + " + 1]";
    };
    std::string source = NumberColumns::unnest(kNumberColumns, 2);
    source.replace(0, 7, "unnest($1::text[], ");
    const std::string columns = " AS u(";
    source.replace(source.find(columns), columns.size(), " AS u(lines, ");
    return "INSERT INTO charges (charge_id, kind, meter_key, account_key, occupancy_key,"
           " tariff_key, tariff_version, start_time, end_time, start_register, end_register,"
           " quantity, amount_micros, amount_nanos, amount_picos_rest, lines, tier_span_before,"
           " tier_span_key_before, tier_quantity_before, tier_span_after, tier_span_key_after,"
           " tier_quantity_after, remainder_before_picos, remainder_after_picos, register_epoch, "
           "from_slot_time,"
           " from_time, from_register, from_reading_id, to_slot_time, to_time, to_register,"
           " to_reading_id, reversal_of)"
           " SELECT u.charge_id, CASE WHEN u.reversal_of = 0 THEN 'energy' ELSE 'reversal' END,"
           " u.meter_key, u.account_key, u.occupancy_key, u.tariff_key, u.tariff_version::int,"
           " to_time(u.start_time), to_time(u.end_time), u.start_register, u.end_register,"
           " u.quantity, u.amount_micros, u.amount_nanos, u.amount_picos::int, "
           "u.lines::bigint[], " +
           span("span_before") + ", u.key_before::int, u.used_before, " + span("span_after") +
           ", u.key_after::int, u.used_after, u.remainder_before, u.remainder_after,"
           " u.register_epoch::int, to_time(u.from_slot), to_time(u.from_time), u.from_register,"
           " u.from_reading_id, to_time(u.to_slot), to_time(u.to_time), u.to_register,"
           " u.to_reading_id, nullif(u.reversal_of, 0) FROM " +
           source;
}

// In the order of kNumberColumns.
void add_row(NumberColumns& columns, const Charge& c, const EnergyBasis& b) {
    const SplitPicos amount = split_picos(c.amount_picos);
    columns.add({c.charge_id,
                 c.meter_key,
                 c.account_key,
                 c.occupancy_key,
                 b.tariff_key,
                 b.tariff_version,
                 to_micros(c.start),
                 to_micros(c.end),
                 b.start_register,
                 b.end_register,
                 b.quantity.base_units(),
                 c.amount_micros,
                 amount.nanos,
                 amount.picos_rest,
                 static_cast<std::int64_t>(b.before.span),
                 b.before.span_key,
                 b.before.used,
                 static_cast<std::int64_t>(b.after.span),
                 b.after.span_key,
                 b.after.used,
                 c.remainder_before_picos,
                 c.remainder_after_picos,
                 b.to.epoch,
                 to_micros(b.from.slot_time),
                 to_micros(b.from.read_time),
                 b.from.total.base_units(),
                 b.from.reading_id,
                 to_micros(b.to.slot_time),
                 to_micros(b.to.read_time),
                 b.to.total.base_units(),
                 b.to.reading_id,
                 c.reversal_of.value_or(0)});
}

}  // namespace

void insert_charges(pqxx::work& tx, std::vector<Charge>& charges) {
    if (charges.empty()) {
        return;
    }
    const std::vector<std::int64_t> ids = new_charge_ids(tx, charges.size());
    NumberColumns columns(kNumberColumns.size());
    std::vector<std::string> lines;
    lines.reserve(charges.size());
    for (std::size_t i = 0; i < charges.size(); ++i) {
        Charge& c = charges[i];
        c.charge_id = ids[i];
        std::visit([&](const auto& basis) { add_row(columns, c, basis); }, c.basis);
        lines.push_back(lines_text(c.lines));
    }
    std::vector<std::string> parameters = columns.finish();
    parameters.insert(parameters.begin(), pg::to_array(lines));
    static const std::string sql = insert_sql();
    tx.exec_params(sql, pqxx::prepare::make_dynamic_params(parameters));
}

}  // namespace prepay::billing

#include "rating/adapters/pg_meter_rows.h"

#include "pg/database.h"

namespace prepay::billing {

std::vector<std::int64_t> keys_of(const std::vector<MeterWork>& works) {
    std::vector<std::int64_t> keys;
    keys.reserve(works.size());
    for (const MeterWork& work : works) {
        keys.push_back(work.meter_key);
    }
    return keys;
}

std::string key_array(const std::vector<MeterWork>& works) { return pg::to_array(keys_of(works)); }

std::optional<Reading> read_reading(const pg::Row& row, const std::string& prefix) {
    const auto column = [&](const char* name) { return prefix + name; };
    const std::optional<Instant> slot_time = row.find_time(column("slot_time").c_str());
    if (!slot_time) {
        return std::nullopt;
    }
    return Reading{*slot_time,
                   row.get<int>(column("revision").c_str()),
                   row.time(column("read_time").c_str()),
                   RegisterTotal::from_base_units(row.number(column("register").c_str())),
                   row.get<int>(column("epoch").c_str()),
                   row.number(column("reading_id").c_str())};
}

}  // namespace prepay::billing

#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "pg/row.h"
#include "rating/app/meter_work.h"

// What the tables of a meter have in common: rows by `meter_key`, and readings.
namespace prepay::billing {

std::vector<std::int64_t> keys_of(const std::vector<MeterWork>& works);
/// The same as an array's text.
std::string key_array(const std::vector<MeterWork>& works);

/// One of a meter's two readings, `prefix` "base_" or "first_"; nothing while there is none.
std::optional<Reading> read_reading(const pg::Row& row, const std::string& prefix);

/// Gives each row's meter (`meter_key`) its work; rows come in key order like the works.
template <typename Use>
void for_each_work(const pqxx::result& rows, std::vector<MeterWork>& works, Use use) {
    auto work = works.begin();
    for (const pg::Row row : rows) {
        const std::int64_t key = row.number("meter_key");
        while (work->meter_key != key) {
            ++work;
        }
        use(*work, row);
    }
}

}  // namespace prepay::billing

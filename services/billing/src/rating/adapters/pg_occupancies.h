#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "rating/app/meter_work.h"

namespace prepay::billing {

/// Loads who had the meters and when, in place of what `works` had of it.
void load_occupancies(pqxx::work& tx, std::vector<MeterWork>& works);

/// Stores those occupancies of a locked meter that are newer than what is stored.
void upsert_occupancies(pqxx::work& tx, std::int64_t meter_key,
                        const std::vector<Occupancy>& occupancies);

}  // namespace prepay::billing

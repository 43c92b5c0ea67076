#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "rating/app/meter_work.h"

namespace prepay::billing {

/// Loads what of its tiers each account used up at the meters.
void load_counters(pqxx::work& tx, std::vector<MeterWork>& works);

/// Writes the counters that changed.
void save_counters(pqxx::work& tx, const std::vector<MeterWork>& works);

}  // namespace prepay::billing

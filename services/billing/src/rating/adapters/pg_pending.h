#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "rating/app/meter_work.h"

// Readings that wait for an occupancy or a tariff.
namespace prepay::billing {

/// Takes the waiting readings of the meters out of the table into `work.readings`.
void take_pending(pqxx::work& tx, std::vector<MeterWork>& works);

/// Puts `work.pending` into the table.
void save_pending(pqxx::work& tx, const std::vector<MeterWork>& works);

/// Waiting readings in all.
std::int64_t count_pending(pqxx::work& tx);

}  // namespace prepay::billing

#pragma once

#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "rating/app/meter_work.h"

namespace prepay::billing {

/// Locks the meters' rows in key order, making those that are new, and loads what billing them
/// needs but tariffs: base, occupancies, assignments, tier counters. One statement each for all
/// meters.
std::vector<MeterWork> lock_meters(pqxx::work& tx, const std::vector<std::string>& meter_ids);

/// Writes base, tier counters and waiting readings back.
void save_meters(pqxx::work& tx, const std::vector<MeterWork>& works);

/// Loads which tariff the meters have from when on, in place of what `works` had of it.
void load_assignments(pqxx::work& tx, std::vector<MeterWork>& works);

/// When each of the meters had its last billed register. Left out are unknown meters, those
/// without, and those of which it is not known here that the account paid for them and no longer
/// does: its share may have gone to somebody else so far.
std::map<std::string, Instant> billed_until(pqxx::work& tx, const std::string& account_id,
                                            const std::vector<std::string>& meter_ids);

}  // namespace prepay::billing

#pragma once

#include <map>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "rating/app/meter_work.h"

// What may be new about meters that a RatingTransaction has locked.
namespace prepay::billing {

/// The readings of one meter.
struct ReadingNews {
    std::vector<Reading> readings;
    std::map<int, Resource> resources;  ///< By epoch, of the last one that says it.
};
using ReadingsByMeter = std::map<std::string, ReadingNews>;
using OccupanciesByMeter = std::map<std::string, std::vector<Occupancy>>;

/// Gives the meters their new readings. A late one that tells something new takes its meter back to
/// before it.
void take_readings(pqxx::work& tx, std::vector<MeterWork>& works, ReadingsByMeter by_meter);

/// Stores occupancies and takes meters back to where another account pays; their waiting readings
/// are billed again.
void take_occupancies(pqxx::work& tx, std::vector<MeterWork>& works,
                      const OccupanciesByMeter& by_meter);

/// Gives meters a tariff from a time on; their waiting readings are billed again.
void take_assignment(pqxx::work& tx, std::vector<MeterWork>& works, std::int64_t tariff_key,
                     Instant start, const std::string& user);

}  // namespace prepay::billing

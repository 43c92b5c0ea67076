#pragma once

#include <map>
#include <string>
#include <utility>

#include "domain/charge_split.h"

namespace prepay::reporting {

/// Sums of one room over a local day.
struct DaySum {
    std::string site_id;
    Quantity energy;
    Quantity water = Quantity::ml(0);
    Money amount;                ///< Of energy and water.
    RateUnits rate_energy_wh{};  ///< Of the energy.
};

/// Sums of one room over a local hour.
struct HourSum {
    Quantity energy;
    Quantity water = Quantity::ml(0);
    Money amount;  ///< Of energy and water.
};

/// Sums of one site since ever.
struct TotalSum {
    Quantity energy;
    Quantity water = Quantity::ml(0);
    Money charged;
    Money credited;  ///< Top-ups less refunds.
    std::int64_t charge_count = 0;
    Instant as_of_time{};  ///< Newest posting in the sums.
};

using DayKey = std::pair<LocalDate, std::string>;  ///< Day, room.
using HourKey = std::pair<Instant, std::string>;   ///< Start of the hour, room.

/// What a batch of charges adds to the read models; keys in the order rows are locked in.
struct Rollup {
    std::map<DayKey, DaySum> days;
    std::map<HourKey, HourSum> hours;
    std::map<std::string, TotalSum> totals;  ///< By site.
};

/// Adds a charge to the sums of its room's hours and days, split at local hours.
void add_to_rooms(Rollup& rollup, const PostedCharge& charge, const TimeZone& zone);

/// Adds a charge to the totals of its site; needs no time zone.
void add_to_totals(Rollup& rollup, const PostedCharge& charge);

}  // namespace prepay::reporting

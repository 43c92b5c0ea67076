#include "domain/rollup.h"

#include <algorithm>

namespace prepay::reporting {

void add_to_rooms(Rollup& rollup, const PostedCharge& charge, const TimeZone& zone) {
    for (const ChargePart& part : split_by_hour(charge, zone)) {
        DaySum& day = rollup.days[{part.hour.date, charge.room_id}];
        HourSum& hour = rollup.hours[{part.hour.start, charge.room_id}];
        day.site_id = charge.site_id;
        day.amount += part.amount;
        hour.amount += part.amount;
        if (part.quantity.resource() == Resource::kWater) {
            day.water += part.quantity;
            hour.water += part.quantity;
            continue;
        }
        day.energy += part.quantity;
        hour.energy += part.quantity;
        for (std::size_t i = 0; i < kRateCount; ++i) {
            day.rate_energy_wh[i] += part.rates[i];
        }
    }
}

void add_to_totals(Rollup& rollup, const PostedCharge& charge) {
    TotalSum& total = rollup.totals[charge.site_id];
    total.charged += charge.amount;
    total.charge_count += 1;
    total.as_of_time = std::max(total.as_of_time, charge.post_time);
    if (charge.quantity.resource() == Resource::kWater) {
        total.water += charge.quantity;
    } else {
        total.energy += charge.quantity;
    }
}

}  // namespace prepay::reporting

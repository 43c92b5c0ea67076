#include "rating/domain/bill.h"

#include <algorithm>

namespace prepay::billing {
namespace {

void add(BillSum& sum, const RatedLine& line) {
    sum.base_units += line.quantity.base_units();
    sum.amount_picos += line.picos();
}

std::string month_of(const TimeZone& zone, Instant moment) {
    const CivilTime civil = zone.to_civil(moment);
    return std::to_string(civil.year) + (civil.month < 10 ? "-0" : "-") +
           std::to_string(civil.month);
}

struct Window {
    Instant start = Instant::max();
    Instant end = Instant::min();
};

Window window_of(const std::vector<BillMeter>& meters) {
    Window window;
    for (const BillMeter& meter : meters) {
        window.start = std::min(window.start, meter.readings.front().read_time);
        window.end = std::max(window.end, meter.readings.back().read_time);
    }
    window.end += std::chrono::hours(1);
    return window;
}

}  // namespace

Bill make_bill(const std::vector<BillTariff>& tariffs, const std::vector<BillMeter>& meters) {
    std::vector<BillTariff> versions = tariffs;
    std::sort(versions.begin(), versions.end(),
              [](const auto& a, const auto& b) { return a.effective < b.effective; });
    const Window window = window_of(meters);
    std::vector<CompiledTariff> compiled;
    compiled.reserve(versions.size());
    std::vector<TariffInForce> timeline;
    for (const BillTariff& version : versions) {
        compiled.emplace_back(version.definition, window.start, window.end);
        timeline.push_back({version.effective, version.tariff_id, 0,
                            static_cast<int>(timeline.size()) + 1, version.resource,
                            &compiled.back()});
    }

    Bill bill;
    bill.resource = versions.front().resource;
    bill.time_zone = versions.front().definition.time_zone;
    const TimeZone zone = *TimeZone::load(bill.time_zone);
    for (const BillMeter& meter : meters) {
        MeterState state;
        Occupancy occupancy;
        occupancy.start = meter.readings.front().read_time;
        state.occupancies.push_back(occupancy);
        state.tariffs = timeline;
        std::vector<ChargeDraft> charges;
        for (const Reading& reading : meter.readings) {
            bill_reading(state, reading, charges);
        }
        for (const ChargeDraft& charge : charges) {
            for (const RatedLine& line : charge.lines) {
                bill.lines.push_back({meter.meter_id, line});
                add(bill.periods[line.period], line);
                add(bill.tiers[line.tier], line);
                add(bill.months[month_of(zone, line.start)], line);
                add(bill.total, line);
            }
        }
    }
    return bill;
}

}  // namespace prepay::billing

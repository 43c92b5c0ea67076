#pragma once

#include <map>
#include <string>
#include <vector>

#include "rating/domain/meter_billing.h"

namespace prepay::billing {

/// A version of a tariff for a bill without database.
struct BillTariff {
    std::string tariff_id;
    Resource resource = Resource::kElectricity;
    Instant effective;            ///< The earliest one reaches back without limit.
    TariffDefinition definition;  ///< Valid.
};

struct BillMeter {
    std::string meter_id;
    std::vector<Reading> readings;  ///< By time, registers not falling; the first is the base.
};

struct BillLine {
    std::string meter_id;
    RatedLine line;
};

/// Wide enough for any number of lines.
struct BillSum {
    Int128 base_units = 0;
    Int128 amount_picos = 0;
};

/// What one account pays for the readings of its meters, as the service would charge it.
struct Bill {
    Resource resource = Resource::kElectricity;
    std::string time_zone;
    std::vector<BillLine> lines;
    std::map<RatePeriod, BillSum> periods;
    std::map<int, BillSum> tiers;
    std::map<std::string, BillSum> months;  ///< "2018-07", local month in which a line starts.
    BillSum total;
    /// Sum of the rounded charges. With the remainder carried they telescope to the rounded total.
    [[nodiscard]] Int128 amount_micros() const { return total.amount_picos / kPicosPerMicro; }
    /// Carried after the last charge, 0 .. 999,999.
    [[nodiscard]] int remainder_picos() const {
        return static_cast<int>(total.amount_picos % kPicosPerMicro);
    }
};

/// Rates readings with one or more versions of a tariff (at least one, any order).
Bill make_bill(const std::vector<BillTariff>& tariffs, const std::vector<BillMeter>& meters);

}  // namespace prepay::billing

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "devices/domain/meter.h"
#include "quantity/quantity.h"

namespace prepay::metering {

enum class ReadingSource { kPoll, kOnDemand, kImport };

/// One register reading; identity (meter, channel, slot time, revision).
struct Reading {
    std::int64_t reading_id = 0;
    std::int64_t meter_no = 0;
    std::string meter_id;
    Resource resource = Resource::kElectricity;
    int channel = 0;      ///< 0 = the billing total.
    Instant slot_time{};  ///< Start of the poll slot the reading answers for.
    int revision = 0;
    Instant read_time{};
    RegisterTotal register_total;
    int register_epoch = 0;
    ReadingSource source = ReadingSource::kPoll;
    std::optional<MeterValues> values;  ///< Live readings only.
};

/// A reading that was not allowed to become a base.
struct RejectedReading {
    std::string meter_id;
    std::string reason;  ///< Stable word, see plausibility.h.
    RegisterTotal previous_total;
    RegisterTotal register_total;
    Instant read_time{};
    std::optional<Instant> previous_read_time{};
    bool quarantine = false;  ///< From it on nothing of the meter is taken until a person decides.
    bool after_change = false;  ///< Of the meter's address, unit, serial number, pack or CT ratio.
    std::vector<Frame> frames{};
};

/// What a meter in quarantine shows now.
struct QuarantineSight {
    std::string meter_id;
    RegisterTotal register_total;
    Instant read_time{};
    bool fits_base = false;  ///< It continues the last good one, not what was refused.
};

}  // namespace prepay::metering

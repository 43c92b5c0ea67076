#pragma once

#include <cstdint>
#include <string>

#include "core/time.h"
#include "devices/domain/relay.h"
#include "holds/domain/hold.h"
#include "quantity/quantity.h"

namespace prepay::metering {

/// A change of what is known of a meter's reachability or contact.
struct MeterStateChange {
    std::int64_t meter_no = 0;
    std::string meter_id;
    bool online = false;
    RelayState relay = RelayState::kUnknown;
    Instant change_time{};
    std::int64_t revision = 0;  ///< Grows with each change of one meter.
    std::string driver_pack;
    Resource resource = Resource::kElectricity;
    MeterHolds holds;  ///< Why the power is off.
};

}  // namespace prepay::metering

#pragma once

#include <map>
#include <memory>
#include <string>

#include "devices/domain/driver_pack.h"

namespace prepay::metering {

/// The driver packs by name. Immutable after start.
using PackLibrary = std::map<std::string, std::shared_ptr<const DriverPack>>;

}  // namespace prepay::metering

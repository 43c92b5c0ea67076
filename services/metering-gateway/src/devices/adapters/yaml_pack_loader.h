#pragma once

#include <string>

#include "core/status.h"
#include "devices/app/pack_library.h"

namespace prepay::metering {

/// Reads one driver pack. Reason PACK_INVALID with every problem as "file:line: what", one a line;
/// any unknown or missing key is one.
Result<DriverPack> load_pack(const std::string& path);

/// The same from text; `name` stands for the file in messages.
Result<DriverPack> parse_pack(const std::string& text, const std::string& name);

/// All *.yaml of a folder. Reasons PACK_INVALID, PACKS_DIR_EMPTY.
Result<PackLibrary> load_packs(const std::string& directory);

}  // namespace prepay::metering

#pragma once

#include <optional>
#include <string>

#include "core/time.h"
#include "domain/wall.h"

namespace prepay::reporting {

/// Words of enums in the tables. Unknown words end the process: the CHECKs do not let them in.
const char* to_db(FeeState state);
FeeState fee_state_from_db(const std::string& text);
const char* to_db(Relay relay);
Relay relay_from_db(const std::string& text);
const char* to_db(Resource resource);
Resource resource_from_db(const std::string& text);

/// "infinity" where there is no end.
std::string end_to_db(const std::optional<Instant>& end_time);

}  // namespace prepay::reporting

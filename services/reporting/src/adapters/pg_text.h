#pragma once

#include <string>

#include "domain/wall.h"

namespace prepay::reporting {

/// Words of enums in the tables. Unknown words end the process: the CHECKs do not let them in.
const char* to_db(FeeState state);
FeeState fee_state_from_db(const std::string& text);
const char* to_db(Relay relay);
Relay relay_from_db(const std::string& text);
const char* to_db(Resource resource);
Resource resource_from_db(const std::string& text);

}  // namespace prepay::reporting

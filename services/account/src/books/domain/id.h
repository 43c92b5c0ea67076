#pragma once

#include <string>

#include "core/status.h"

namespace prepay::account {

/// Reason BAD_ID unless the text is 1 .. 64 of letters, digits and ._:-
Status check_id(const std::string& what, const std::string& id);

}  // namespace prepay::account

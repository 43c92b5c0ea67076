#pragma once

#include "core/anchored_clock.h"
#include "pg/database.h"

namespace prepay::pg {

/// What the server's clock says now; UNAVAILABLE without a server, or when the answer took so long
/// that it says nothing.
Result<DatabaseTime> read_database_time(Database& database);

}  // namespace prepay::pg

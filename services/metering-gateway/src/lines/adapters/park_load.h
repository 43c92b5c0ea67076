#pragma once

#include "commands/adapters/pg_command_store.h"
#include "lines/app/line_park.h"
#include "meters/adapters/pg_registry_store.h"

// What of the database the lines work on.
namespace prepay::metering {

/// Gives the park every stored line and meter.
Status load_park(PgRegistryStore& registry, LinePark& park);

/// Hands open orders that are older than `age` to their lines: all of them at the start, later
/// those that their line does not know because an answer of PostgreSQL was lost. What may have been
/// sent is read back first.
Status submit_open(PgCommandStore& commands, OrderLines& lines, Duration age);

}  // namespace prepay::metering

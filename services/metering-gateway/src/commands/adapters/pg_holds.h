#pragma once

#include <map>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "commands/domain/holds.h"
#include "core/time.h"
#include "domain/model.h"

namespace prepay::metering {

/// Writes what is known of a meter, its holds included, unless something newer is stored; false
/// then. In the transaction of what changed it.
bool write_meter_state(pqxx::work& tx, const MeterStateChange& change);

/// Holds of these meters, by meter.
std::map<std::string, std::vector<Hold>> select_holds(pqxx::work& tx,
                                                      const std::vector<std::string>& meter_ids);

/// The newest order of each of these meters that may still take effect at `now`.
std::map<std::string, LateOrder> select_late_orders(pqxx::work& tx,
                                                    const std::vector<std::string>& meter_ids,
                                                    Instant now, Duration horizon);

/// Holds as a bytea's hex text, and back from a nullable bytea.
std::string holds_hex(const std::vector<Hold>& holds);
std::vector<Hold> holds_from_field(const pqxx::field& field);

}  // namespace prepay::metering

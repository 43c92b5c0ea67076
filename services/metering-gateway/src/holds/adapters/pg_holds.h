#pragma once

#include <map>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "core/time.h"
#include "holds/domain/holds.h"
#include "holds/domain/meter_state.h"
#include "pg/database.h"

namespace prepay::metering {

/// Writes what is known of a meter, its holds included, unless something newer is stored; false
/// then. In the transaction of what changed it.
bool write_meter_state(pqxx::work& tx, const MeterStateChange& change);

/// Holds of these meters, by meter.
std::map<std::string, std::vector<Hold>> select_holds(pqxx::work& tx,
                                                      const std::vector<std::string>& meter_ids);

/// One reason why one meter is off.
struct HeldMeter {
    std::string meter_id;
    std::string display_name;
    std::string line_id;
    bool online = false;
    RelayState relay = RelayState::kUnknown;
    std::optional<Hold> hold;              ///< Absent: opened past us.
    std::optional<Instant> foreign_since;  ///< Then: when that was seen.
};

struct HoldFilter {
    std::optional<Holder> holder;  ///< Absent: all, and foreign openings.
    std::string meter_id;          ///< Empty: all.
};

/// Holds over all meters, those placed last first.
class PgHoldList {
public:
    explicit PgHoldList(pg::Database& database) : database_(database) {}

    /// Up to `count_max` behind the place of `after` in the order of the list.
    Result<std::vector<HeldMeter>> list_holds(const HoldFilter& filter,
                                              const std::optional<HeldMeter>& after, int count_max);
    /// Relays that somebody opened past us and nobody of ours holds, by meter_id.
    Result<std::vector<HeldMeter>> list_foreign(const std::string& meter_id,
                                                const std::string& after, int count_max);

private:
    pg::Database& database_;
};

/// The newest order of each of these meters that may still take effect at `now`.
std::map<std::string, LateOrder> select_late_orders(pqxx::work& tx,
                                                    const std::vector<std::string>& meter_ids,
                                                    Instant now, Duration horizon);

/// Holds as a bytea's hex text, and back from a nullable bytea.
std::string holds_hex(const std::vector<Hold>& holds);
std::vector<Hold> holds_from_field(const pqxx::field& field);

}  // namespace prepay::metering

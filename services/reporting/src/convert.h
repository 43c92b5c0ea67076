#pragma once

#include <optional>
#include <string>

#include "core/status.h"
#include "domain/charge_split.h"
#include "domain/records.h"
#include "domain/wall.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/metering/v1/events.pb.h"
#include "prepay/reporting/v1/reporting.pb.h"

namespace prepay::reporting {

// From events. An id that is empty, a text with a zero byte or a missing time is BAD_MESSAGE.

Result<SiteRecord> from_proto(const account::v1::Site& site, Instant occur_time);
Result<RoomRecord> from_proto(const account::v1::Room& room);
Result<OccupancyRecord> from_proto(const account::v1::Occupancy& occupancy);
Result<AccountRecord> from_proto(const account::v1::BalanceChange& change);
Result<MeterStateRecord> from_proto(const metering::v1::MeterState& state);
/// Holds as they are kept in a table.
std::string holds_to_bytes(const std::vector<HoldFacts>& holds);
std::vector<HoldFacts> holds_from_bytes(const std::string& bytes);
/// Nothing for a reading without live values, such as imported history.
Result<std::optional<LiveValueRecord>> from_proto(const metering::v1::Reading& reading);
/// Nothing unless the command ended verified or contradicted.
Result<std::optional<CommandOutcome>> from_proto(const metering::v1::Command& command);
Result<PostedCharge> from_proto(const account::v1::PostedCharge& charge);
/// Nothing for an order whose money is not in the ledger.
Result<std::optional<OrderRecord>> from_proto(const account::v1::Order& order,
                                              const std::string& site_id);

// To answers.

v1::WallRoom to_proto(const WallRow& row);

/// Nothing for UNSPECIFIED and for states this program does not know.
std::optional<WallState> from_proto(v1::WallState state);

}  // namespace prepay::reporting

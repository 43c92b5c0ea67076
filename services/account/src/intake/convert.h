#pragma once

#include <optional>

#include "books/convert.h"
#include "credit/domain/credit_control.h"
#include "intake/domain/charge_route.h"
#include "prepay/billing/v1/billing.pb.h"
#include "prepay/metering/v1/events.pb.h"
#include "prepay/metering/v1/metering.pb.h"

namespace prepay::account {

Charge from_proto(const billing::v1::Charge& message);

/// How the gateway's command ended; nothing while it has not.
std::optional<CommandOutcome> command_outcome(const metering::v1::Command& command);

/// Whether money's hold stands and the relay is open.
bool is_cut_for_money(const metering::v1::MeterState& state);

}  // namespace prepay::account

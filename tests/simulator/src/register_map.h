#pragma once

#include <span>

#include "meter.h"
#include "modbus_frame.h"

namespace prepay::simulator {

/// The answer of a meter that is reached and whole, to a request PDU; executes writes. The meter
/// must have been advanced to the time of the request. REGISTERS.md is the map. `contradict`
/// acknowledges relay orders and drops them, `relay_stuck` takes them without moving the contact.
Bytes answer(Meter& meter, std::span<const std::uint8_t> pdu, bool contradict, bool relay_stuck);

/// Whether the PDU writes a relay word of the family.
bool is_relay_write(Family family, std::span<const std::uint8_t> pdu);

}  // namespace prepay::simulator

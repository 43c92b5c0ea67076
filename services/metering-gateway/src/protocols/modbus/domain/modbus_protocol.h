#pragma once

#include "protocols/domain/protocol.h"

namespace prepay::metering {

/// Modbus: functions 03 and 10 hex of units 1 .. 247.
const Protocol& modbus_protocol();

/// A Modbus reply (see modbus_frame.h) in the words of every protocol. Exception 2 means that the
/// meter has no such registers, 6 that it is busy; after 5, 10 and 11 (a serial server's own: it
/// may have lost the request or the meter's answer) nobody knows what became of an order.
struct Reply;
Answer answer_of(Reply reply);

/// MBAP headers around Modbus requests.
const StreamFraming& modbus_tcp_framing();

}  // namespace prepay::metering

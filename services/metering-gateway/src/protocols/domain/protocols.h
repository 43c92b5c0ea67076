#pragma once

#include "protocols/domain/protocol.h"

namespace prepay::metering {

/// The protocols that meters are spoken to with.
enum class ProtocolKind { kModbus };

const Protocol& protocol_of(ProtocolKind kind);

}  // namespace prepay::metering

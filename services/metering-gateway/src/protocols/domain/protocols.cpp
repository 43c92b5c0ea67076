#include "protocols/domain/protocols.h"

#include "core/assert.h"
#include "protocols/modbus/domain/modbus_protocol.h"

namespace prepay::metering {

const Protocol& protocol_of(ProtocolKind kind) {
    switch (kind) {
        case ProtocolKind::kModbus:
            return modbus_protocol();
    }
    PREPAY_ASSERT(false);
    return modbus_protocol();
}

}  // namespace prepay::metering

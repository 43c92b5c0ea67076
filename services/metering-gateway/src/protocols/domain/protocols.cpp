#include "protocols/domain/protocols.h"

#include "protocols/modbus/domain/modbus_protocol.h"

namespace prepay::metering {

const Protocol& protocol_of(ProtocolKind kind) {
    switch (kind) {
        case ProtocolKind::kModbus:
            break;
    }
    return modbus_protocol();
}

}  // namespace prepay::metering

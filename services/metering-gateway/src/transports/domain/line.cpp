#include "transports/domain/line.h"

namespace prepay::metering {

const char* transport_text(Transport transport) {
    return transport == Transport::kModbusTcp ? "modbus_tcp" : "modbus_rtu";
}

Transport transport_from_text(const std::string& text) {
    return text == "modbus_rtu" ? Transport::kModbusRtu : Transport::kModbusTcp;
}

}  // namespace prepay::metering

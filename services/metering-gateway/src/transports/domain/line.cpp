#include "transports/domain/line.h"

#include <algorithm>

#include "core/assert.h"

namespace prepay::metering {

const char* transport_text(Transport transport) {
    switch (transport) {
        case Transport::kTcp:
            return "modbus_tcp";
        case Transport::kModbusRtu:
            return "modbus_rtu";
    }
    return "";
}

Transport transport_from_text(const std::string& text) {
    const auto* const found = std::find_if(kTransports.begin(), kTransports.end(),
                                           [&](Transport t) { return text == transport_text(t); });
    PREPAY_ASSERT(found != kTransports.end());
    return *found;
}

}  // namespace prepay::metering

#include "protocols/domain/protocol.h"

namespace prepay::metering {

const char* fault_text(FrameFault fault) {
    switch (fault) {
        case FrameFault::kNone:
            return "none";
        case FrameFault::kTooShort:
            return "too_short";
        case FrameFault::kBadLength:
            return "bad_length";
        case FrameFault::kBadProtocol:
            return "bad_protocol";
        case FrameFault::kWrongTransaction:
            return "wrong_transaction";
        case FrameFault::kWrongUnit:
            return "wrong_unit";
        case FrameFault::kWrongFunction:
            return "wrong_function";
        case FrameFault::kBadByteCount:
            return "bad_byte_count";
        case FrameFault::kWrongEcho:
            return "wrong_echo";
        case FrameFault::kUnknownException:
            return "unknown_exception";
        case FrameFault::kBadCrc:
            return "bad_crc";
        case FrameFault::kTrailingBytes:
            return "trailing_bytes";
    }
    return "none";
}

}  // namespace prepay::metering

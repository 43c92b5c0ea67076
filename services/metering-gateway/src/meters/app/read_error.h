#pragma once

#include <string>

#include "devices/domain/driver_pack.h"
#include "transports/ports.h"

namespace prepay::metering {

/// Why a request got no usable answer; one counter each.
struct ReadError {
    std::string kind;  ///< METER_SILENT, BAD_REPLY, LINE_LOST, METER_BUSY, METER_EXCEPTION.
    std::string text;
};
/// Nothing for a good reply.
ReadError error_of(const WireReply& reply);

/// The same as a status that names the block, its first register, and what was on the wire. One
/// judgement for sweeps, reads on demand and probes.
Status read_status(const WireReply& reply, const PackBlock& block);

/// Whether asking again may help: nothing came, or the meter is busy.
bool is_worth_repeating(const WireReply& reply);

/// "01 03 0A".
std::string hex_text(const Bytes& bytes);

}  // namespace prepay::metering

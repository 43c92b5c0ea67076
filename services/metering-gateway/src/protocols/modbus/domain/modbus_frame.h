#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "protocols/domain/protocol.h"

namespace prepay::metering {

constexpr std::size_t kTcpAduMax = 260;
constexpr std::size_t kRtuAduMax = 256;
constexpr int kReadRegistersMax = 125;
constexpr int kWriteRegistersMax = 123;

/// Function 03 request: `count` 1 .. 125 registers from `address`.
Bytes read_registers_pdu(std::uint16_t address, int count);
/// Function 10 hex request: 1 .. 123 words.
Bytes write_registers_pdu(std::uint16_t address, std::span<const std::uint16_t> words);

/// A reply judged against its request.
struct Reply {
    FrameFault fault = FrameFault::kNone;
    int exception_code = 0;            ///< 1 .. 11 when the meter refused.
    std::vector<std::uint16_t> words;  ///< Of a read.
    [[nodiscard]] bool ok() const { return fault == FrameFault::kNone && exception_code == 0; }
};

/// Judges a reply PDU (function and data, no unit, no check sum). Never reads outside its input.
Reply parse_reply(std::span<const std::uint8_t> request_pdu,
                  std::span<const std::uint8_t> reply_pdu);

/// MBAP + unit + PDU.
Bytes tcp_frame(std::uint16_t transaction, int unit, std::span<const std::uint8_t> pdu);

/// Judges the head of a reply as soon as its bytes are there; bytes after the frame are a fault.
FrameProgress inspect_tcp(std::span<const std::uint8_t> received, std::uint16_t transaction,
                          int unit);

/// Unit + PDU + CRC.
Bytes rtu_frame(int unit, std::span<const std::uint8_t> pdu);
/// Checks unit and CRC of a whole RTU reply.
FrameFault inspect_rtu(std::span<const std::uint8_t> received, int unit);

/// CRC-16/MODBUS.
std::uint16_t modbus_crc(std::span<const std::uint8_t> bytes);

}  // namespace prepay::metering

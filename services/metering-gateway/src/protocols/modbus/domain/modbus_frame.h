#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace prepay::metering {

using Bytes = std::vector<std::uint8_t>;

constexpr int kIllegalAddressException = 2;
constexpr int kAcknowledgeException = 5;  ///< Taken, and still being done.
constexpr int kBusyException = 6;

constexpr std::size_t kTcpAduMax = 260;
constexpr std::size_t kRtuAduMax = 256;
constexpr int kReadRegistersMax = 125;
constexpr int kWriteRegistersMax = 123;

/// Why a reply was not taken. One counter each.
enum class FrameFault {
    kNone,
    kTooShort,          ///< Fewer bytes than any reply has.
    kBadLength,         ///< MBAP length below 2, above 254, or not what followed.
    kBadProtocol,       ///< MBAP protocol is not 0.
    kWrongTransaction,  ///< Stale or future transaction id.
    kWrongUnit,         ///< Another unit answered.
    kWrongFunction,     ///< Answer to another function.
    kBadByteCount,      ///< Odd, or not twice the registers asked for.
    kWrongEcho,         ///< A write's echo names other registers.
    kUnknownException,  ///< Exception code outside 1 .. 11.
    kBadCrc,
    kTrailingBytes,  ///< More bytes than the reply has.
};
const char* fault_text(FrameFault fault);

/// Function 03 request: `count` 1 .. 125 registers from `address`.
Bytes read_registers_pdu(std::uint16_t address, int count);
/// Function 10 hex request: 1 .. 123 words.
Bytes write_registers_pdu(std::uint16_t address, std::span<const std::uint16_t> words);

/// Whether a request changes nothing in the meter.
bool is_read(std::span<const std::uint8_t> request_pdu);

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

/// Where a TCP reply stands after the bytes received so far.
struct TcpProgress {
    FrameFault fault = FrameFault::kNone;
    bool complete = false;
    std::size_t frame_size = 0;  ///< Known once complete.
};
/// Judges the head of a reply as soon as its bytes are there; bytes after the frame are a fault.
TcpProgress inspect_tcp(std::span<const std::uint8_t> received, std::uint16_t transaction,
                        int unit);

/// Unit + PDU + CRC.
Bytes rtu_frame(int unit, std::span<const std::uint8_t> pdu);
/// Checks unit and CRC of a whole RTU reply.
FrameFault inspect_rtu(std::span<const std::uint8_t> received, int unit);

/// CRC-16/MODBUS.
std::uint16_t modbus_crc(std::span<const std::uint8_t> bytes);

}  // namespace prepay::metering

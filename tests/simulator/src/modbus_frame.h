#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace prepay::simulator {

using Bytes = std::vector<std::uint8_t>;

enum class Framing { kMbap, kRtu };

inline constexpr std::uint8_t kReadHolding = 0x03;
inline constexpr std::uint8_t kWriteMultiple = 0x10;

inline constexpr std::uint8_t kIllegalFunction = 1;
inline constexpr std::uint8_t kIllegalAddress = 2;
inline constexpr std::uint8_t kIllegalValue = 3;

/// CRC-16/MODBUS; sent low byte first.
std::uint16_t crc16(std::span<const std::uint8_t> bytes);

/// One request taken off the wire.
struct Request {
    std::uint16_t transaction = 0;  // MBAP only
    int unit = 0;
    Bytes pdu;    // function code and data
    Bytes frame;  // as it came
};

/// What the head of a receive buffer holds.
struct Extracted {
    enum class Outcome {
        kMore,   // not yet a whole frame
        kFrame,  // `request`, of `used` bytes
        kDrop,   // rubbish of `used` bytes
    };
    Outcome outcome = Outcome::kMore;
    std::size_t used = 0;
    Request request;
};

/// Takes the first frame. RTU finds the end of a frame by the length its function code implies (the
/// caller supplies the silence rule by clearing a stale buffer); a bad CRC drops the whole buffer,
/// as a slave does until the next silence. A bad MBAP header drops the whole buffer: the caller
/// closes the connection.
Extracted extract(Framing framing, std::span<const std::uint8_t> buffer);

/// Packs an answer.
Bytes encode(Framing framing, std::uint16_t transaction, int unit,
             std::span<const std::uint8_t> pdu);

/// Bytes a PDU takes on an RTU line: unit + PDU + CRC.
constexpr std::size_t rtu_size(std::size_t pdu_size) { return pdu_size + 3; }

/// How long so many characters of 11 bits take; baud > 0.
std::chrono::microseconds character_time(int baud, std::size_t characters);

/// Silence that ends a frame: 3.5 characters, fixed 1.75 ms above 19,200 baud; baud > 0.
std::chrono::microseconds silent_gap(int baud);

/// PDU length of the answer to a request when it succeeds.
std::size_t expected_answer_size(std::span<const std::uint8_t> request_pdu);

Bytes exception_pdu(std::uint8_t function, std::uint8_t code);

constexpr std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t offset) {
    return static_cast<std::uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

}  // namespace prepay::simulator

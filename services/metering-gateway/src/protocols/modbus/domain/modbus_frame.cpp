#include "protocols/modbus/domain/modbus_frame.h"

#include <array>

#include "core/assert.h"

namespace prepay::metering {
namespace {

constexpr std::uint8_t kReadHolding = 0x03;
constexpr std::uint8_t kWriteMultiple = 0x10;
constexpr std::uint8_t kExceptionBit = 0x80;
constexpr std::size_t kMbapSize = 6;

std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t index) {
    return static_cast<std::uint16_t>((bytes[index] << 8) | bytes[index + 1]);
}

void append_word(Bytes& bytes, std::uint16_t word) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    bytes.push_back(static_cast<std::uint8_t>(word & 0xFF));
}

constexpr std::array<std::uint16_t, 256> make_crc_table() {
    std::array<std::uint16_t, 256> table{};
    for (unsigned i = 0; i < 256; ++i) {
        unsigned crc = i;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0xA001U : crc >> 1;
        }
        table[i] = static_cast<std::uint16_t>(crc);
    }
    return table;
}
constexpr auto kCrcTable = make_crc_table();

Reply fault(FrameFault kind) {
    Reply reply;
    reply.fault = kind;
    return reply;
}

Reply parse_read(std::span<const std::uint8_t> request, std::span<const std::uint8_t> reply_pdu) {
    const std::size_t count = word_at(request, 3);
    if (reply_pdu.size() < 2) {
        return fault(FrameFault::kTooShort);
    }
    if (reply_pdu[1] != 2 * count) {
        return fault(FrameFault::kBadByteCount);
    }
    if (reply_pdu.size() < 2 + 2 * count) {
        return fault(FrameFault::kTooShort);
    }
    if (reply_pdu.size() > 2 + 2 * count) {
        return fault(FrameFault::kTrailingBytes);
    }
    Reply reply;
    reply.words.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        reply.words[i] = word_at(reply_pdu, 2 + 2 * i);
    }
    return reply;
}

Reply parse_write(std::span<const std::uint8_t> request, std::span<const std::uint8_t> reply_pdu) {
    if (reply_pdu.size() < 5) {
        return fault(FrameFault::kTooShort);
    }
    if (reply_pdu.size() > 5) {
        return fault(FrameFault::kTrailingBytes);
    }
    if (word_at(reply_pdu, 1) != word_at(request, 1) ||
        word_at(reply_pdu, 3) != word_at(request, 3)) {
        return fault(FrameFault::kWrongEcho);
    }
    return {};
}

}  // namespace

Bytes read_registers_pdu(std::uint16_t address, int count) {
    PREPAY_ASSERT(count >= 1 && count <= kReadRegistersMax);
    Bytes pdu;
    pdu.reserve(5);
    pdu.push_back(kReadHolding);
    append_word(pdu, address);
    append_word(pdu, static_cast<std::uint16_t>(count));
    return pdu;
}

Bytes write_registers_pdu(std::uint16_t address, std::span<const std::uint16_t> words) {
    PREPAY_ASSERT(!words.empty() && words.size() <= kWriteRegistersMax);
    Bytes pdu{kWriteMultiple};
    append_word(pdu, address);
    append_word(pdu, static_cast<std::uint16_t>(words.size()));
    pdu.push_back(static_cast<std::uint8_t>(2 * words.size()));
    for (const std::uint16_t word : words) {
        append_word(pdu, word);
    }
    return pdu;
}

Reply parse_reply(std::span<const std::uint8_t> request_pdu,
                  std::span<const std::uint8_t> reply_pdu) {
    PREPAY_ASSERT(request_pdu.size() >= 5);
    if (reply_pdu.empty()) {
        return fault(FrameFault::kTooShort);
    }
    const std::uint8_t function = request_pdu[0];
    if (reply_pdu[0] == (function | kExceptionBit)) {
        if (reply_pdu.size() != 2) {
            return fault(reply_pdu.size() < 2 ? FrameFault::kTooShort : FrameFault::kTrailingBytes);
        }
        if (reply_pdu[1] < 1 || reply_pdu[1] > 11) {
            return fault(FrameFault::kUnknownException);
        }
        Reply reply;
        reply.exception_code = reply_pdu[1];
        return reply;
    }
    if (reply_pdu[0] != function) {
        return fault(FrameFault::kWrongFunction);
    }
    return function == kReadHolding ? parse_read(request_pdu, reply_pdu)
                                    : parse_write(request_pdu, reply_pdu);
}

Bytes tcp_frame(std::uint16_t transaction, int unit, std::span<const std::uint8_t> pdu) {
    Bytes frame;
    frame.reserve(kMbapSize + 1 + pdu.size());
    append_word(frame, transaction);
    append_word(frame, 0);
    append_word(frame, static_cast<std::uint16_t>(pdu.size() + 1));
    frame.push_back(static_cast<std::uint8_t>(unit));
    frame.insert(frame.end(), pdu.begin(), pdu.end());
    return frame;
}

FrameProgress inspect_tcp(std::span<const std::uint8_t> received, std::uint16_t transaction,
                          int unit) {
    if (received.size() < kMbapSize) {
        return {};
    }
    const std::size_t length = word_at(received, 4);
    if (word_at(received, 2) != 0) {
        return {FrameFault::kBadProtocol, false, 0};
    }
    if (length < 3 || length > kTcpAduMax - kMbapSize) {
        return {FrameFault::kBadLength, false, 0};
    }
    if (word_at(received, 0) != transaction) {
        return {FrameFault::kWrongTransaction, false, 0};
    }
    if (received.size() > kMbapSize && received[kMbapSize] != unit) {
        return {FrameFault::kWrongUnit, false, 0};
    }
    const std::size_t size = kMbapSize + length;
    if (received.size() > size) {
        return {FrameFault::kTrailingBytes, false, size};
    }
    return {FrameFault::kNone, received.size() == size, size};
}

Bytes rtu_frame(int unit, std::span<const std::uint8_t> pdu) {
    Bytes frame;
    frame.reserve(pdu.size() + 3);
    frame.push_back(static_cast<std::uint8_t>(unit));
    frame.insert(frame.end(), pdu.begin(), pdu.end());
    const std::uint16_t crc = modbus_crc(frame);
    frame.push_back(static_cast<std::uint8_t>(crc & 0xFF));
    frame.push_back(static_cast<std::uint8_t>(crc >> 8));
    return frame;
}

FrameFault inspect_rtu(std::span<const std::uint8_t> received, int unit) {
    if (received.size() < 5) {
        return FrameFault::kTooShort;
    }
    const std::size_t body = received.size() - 2;
    const auto crc = static_cast<std::uint16_t>(received[body] | (received[body + 1] << 8));
    if (modbus_crc(received.first(body)) != crc) {
        return FrameFault::kBadCrc;
    }
    return received[0] == unit ? FrameFault::kNone : FrameFault::kWrongUnit;
}

std::uint16_t modbus_crc(std::span<const std::uint8_t> bytes) {
    unsigned crc = 0xFFFF;
    for (const std::uint8_t byte : bytes) {
        crc = (crc >> 8) ^ kCrcTable[(crc ^ byte) & 0xFFU];
    }
    return static_cast<std::uint16_t>(crc);
}

}  // namespace prepay::metering

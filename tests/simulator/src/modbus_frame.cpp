#include "modbus_frame.h"

#include <array>
#include <optional>

namespace prepay::simulator {
namespace {

constexpr std::size_t kRtuFrameMax = 256;
constexpr std::size_t kMbapHeader = 6;
constexpr std::size_t kMbapLengthMax = 254;  // unit + PDU

constexpr std::array<std::uint16_t, 256> make_crc_table() {
    std::array<std::uint16_t, 256> table{};
    for (unsigned index = 0; index < table.size(); ++index) {
        unsigned value = index;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value & 1U) != 0 ? value >> 1 ^ 0xA001U : value >> 1;
        }
        table[index] = static_cast<std::uint16_t>(value);
    }
    return table;
}

constexpr auto kCrcTable = make_crc_table();

bool crc_is_right(std::span<const std::uint8_t> frame) {
    const auto body = frame.first(frame.size() - 2);
    const auto sent = static_cast<std::uint16_t>(frame[frame.size() - 2] | frame.back() << 8);
    return crc16(body) == sent;
}

/// Size of an RTU request by its function code; 0 = not enough bytes to tell, nullopt = a function
/// whose length is not known.
std::optional<std::size_t> request_size(std::span<const std::uint8_t> buffer) {
    switch (buffer[1]) {
        case 0x01:
        case 0x02:
        case 0x03:
        case 0x04:
        case 0x05:
        case 0x06:
            return 8;
        case 0x07:
        case 0x0B:
        case 0x0C:
        case 0x11:
            return 4;
        case 0x0F:
        case 0x10:
            return buffer.size() < 7 ? 0 : 9 + std::size_t{buffer[6]};
        case 0x16:
            return 10;
        case 0x17:
            return buffer.size() < 11 ? 0 : 13 + std::size_t{buffer[10]};
        default:
            return std::nullopt;
    }
}

Extracted drop(std::size_t used) { return {Extracted::Outcome::kDrop, used, {}}; }

Extracted take_rtu(std::span<const std::uint8_t> frame) {
    Extracted result{Extracted::Outcome::kFrame, frame.size(), {}};
    result.request.unit = frame[0];
    result.request.pdu.assign(frame.begin() + 1, frame.end() - 2);
    result.request.frame.assign(frame.begin(), frame.end());
    return result;
}

Extracted extract_rtu(std::span<const std::uint8_t> buffer) {
    if (buffer.size() < 4) {
        return {};
    }
    const auto size = request_size(buffer);
    if (!size) {
        if (crc_is_right(buffer)) {
            return take_rtu(buffer);
        }
        return buffer.size() < kRtuFrameMax ? Extracted{} : drop(buffer.size());
    }
    if (*size == 0 || buffer.size() < *size) {
        return {};
    }
    const auto frame = buffer.first(*size);
    return crc_is_right(frame) ? take_rtu(frame) : drop(buffer.size());
}

Extracted extract_mbap(std::span<const std::uint8_t> buffer) {
    if (buffer.size() < kMbapHeader) {
        return {};
    }
    const std::size_t length = word_at(buffer, 4);
    if (word_at(buffer, 2) != 0 || length < 2 || length > kMbapLengthMax) {
        return drop(buffer.size());
    }
    if (buffer.size() < kMbapHeader + length) {
        return {};
    }
    const auto frame = buffer.first(kMbapHeader + length);
    Extracted result{Extracted::Outcome::kFrame, frame.size(), {}};
    result.request.transaction = word_at(frame, 0);
    result.request.unit = frame[kMbapHeader];
    result.request.pdu.assign(frame.begin() + kMbapHeader + 1, frame.end());
    result.request.frame.assign(frame.begin(), frame.end());
    return result;
}

void append_word(Bytes& bytes, std::size_t word) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8 & 0xFF));
    bytes.push_back(static_cast<std::uint8_t>(word & 0xFF));
}

}  // namespace

std::uint16_t crc16(std::span<const std::uint8_t> bytes) {
    unsigned crc = 0xFFFF;
    for (const std::uint8_t byte : bytes) {
        crc = crc >> 8 ^ kCrcTable[(crc ^ byte) & 0xFFU];
    }
    return static_cast<std::uint16_t>(crc);
}

Extracted extract(Framing framing, std::span<const std::uint8_t> buffer) {
    return framing == Framing::kMbap ? extract_mbap(buffer) : extract_rtu(buffer);
}

Bytes encode(Framing framing, std::uint16_t transaction, int unit,
             std::span<const std::uint8_t> pdu) {
    Bytes frame;
    frame.reserve(pdu.size() + kMbapHeader + 1);
    if (framing == Framing::kMbap) {
        append_word(frame, transaction);
        append_word(frame, 0);
        append_word(frame, pdu.size() + 1);
    }
    frame.push_back(static_cast<std::uint8_t>(unit));
    frame.insert(frame.end(), pdu.begin(), pdu.end());
    if (framing == Framing::kRtu) {
        const std::uint16_t crc = crc16(frame);
        frame.push_back(static_cast<std::uint8_t>(crc & 0xFF));
        frame.push_back(static_cast<std::uint8_t>(crc >> 8));
    }
    return frame;
}

std::chrono::microseconds character_time(int baud, std::size_t characters) {
    const auto bits = static_cast<std::int64_t>(characters) * 11;
    return std::chrono::microseconds((bits * 1'000'000 + baud - 1) / baud);
}

std::chrono::microseconds silent_gap(int baud) {
    if (baud > 19200) {
        return std::chrono::microseconds(1750);
    }
    return std::chrono::microseconds((38'500'000 + baud - 1) / baud);
}

std::size_t expected_answer_size(std::span<const std::uint8_t> request_pdu) {
    if (request_pdu.size() >= 5 && request_pdu[0] == kReadHolding) {
        return 2 + 2 * std::size_t{word_at(request_pdu, 3)};
    }
    return !request_pdu.empty() && request_pdu[0] == kWriteMultiple ? 5 : 2;
}

Bytes exception_pdu(std::uint8_t function, std::uint8_t code) {
    return {static_cast<std::uint8_t>(function | 0x80), code};
}

}  // namespace prepay::simulator

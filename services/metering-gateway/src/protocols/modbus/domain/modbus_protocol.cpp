#include "protocols/modbus/domain/modbus_protocol.h"

#include "protocols/modbus/domain/modbus_frame.h"

namespace prepay::metering {
namespace {

constexpr int kUnitMin = 1;
constexpr int kUnitMax = 247;
constexpr int kRegisterMax = 0xFFFF;
constexpr std::size_t kTcpHeaderSize = 7;  // MBAP and unit.

constexpr int kIllegalAddressException = 2;
constexpr int kAcknowledgeException = 5;  // Taken, and still being done.
constexpr int kBusyException = 6;
constexpr int kGatewayPathException = 10;
constexpr int kGatewayTargetException = 11;

const char* exception_text(int code) {
    switch (code) {
        case 1:
            return "illegal function";
        case kIllegalAddressException:
            return "illegal address";
        case 3:
            return "illegal value";
        case 4:
            return "device failure";
        case kAcknowledgeException:
            return "acknowledged, not done yet";
        case kBusyException:
            return "busy";
        case kGatewayPathException:
            return "no path behind the serial server";
        case kGatewayTargetException:
            return "no answer behind the serial server";
        default:
            return "of its own";
    }
}

AnswerKind kind_of(int exception_code) {
    switch (exception_code) {
        case 0:
            return AnswerKind::kValues;
        case kBusyException:
            return AnswerKind::kBusy;
        case kAcknowledgeException:
        case kGatewayPathException:
        case kGatewayTargetException:
            return AnswerKind::kUnknown;
        default:
            return AnswerKind::kRefused;
    }
}

class ModbusTcpFraming final : public StreamFraming {
public:
    [[nodiscard]] Bytes frame(std::uint16_t number, const Request& request) const override {
        return tcp_frame(number, static_cast<int>(request.address.number()), request.data);
    }
    [[nodiscard]] FrameProgress inspect(std::span<const std::uint8_t> received,
                                        std::uint16_t number, MeterAddress address) const override {
        return inspect_tcp(received, number, static_cast<int>(address.number()));
    }
    [[nodiscard]] std::span<const std::uint8_t> answer_in(
        std::span<const std::uint8_t> frame) const override {
        return frame.subspan(kTcpHeaderSize);
    }
};

class ModbusProtocol final : public Protocol {
public:
    [[nodiscard]] Request read(MeterAddress address, int first, int count) const override {
        return {this, address, read_registers_pdu(static_cast<std::uint16_t>(first), count), false};
    }
    [[nodiscard]] Request write(MeterAddress address, int first,
                                std::span<const std::uint16_t> words) const override {
        return {this, address, write_registers_pdu(static_cast<std::uint16_t>(first), words), true};
    }
    [[nodiscard]] Answer judge(const Request& request,
                               std::span<const std::uint8_t> answer) const override {
        return answer_of(parse_reply(request.data, answer));
    }
    [[nodiscard]] const StreamFraming& stream_framing() const override {
        return modbus_tcp_framing();
    }
    [[nodiscard]] bool is_address(MeterAddress address) const override {
        return address.number() >= kUnitMin && address.number() <= kUnitMax;
    }
    [[nodiscard]] const char* address_range() const override { return "1 .. 247"; }
    [[nodiscard]] int register_max() const override { return kRegisterMax; }
    [[nodiscard]] int read_registers_max() const override { return kReadRegistersMax; }
    [[nodiscard]] int write_registers_max() const override { return kWriteRegistersMax; }
};

static_assert(kTcpAduMax <= kStreamFrameMax);

}  // namespace

Answer answer_of(Reply reply) {
    Answer answer;
    answer.fault = reply.fault;
    answer.words = std::move(reply.words);
    if (reply.exception_code != 0) {
        answer.kind = kind_of(reply.exception_code);
        answer.code = reply.exception_code;
        answer.text = exception_text(reply.exception_code);
        answer.is_absent = reply.exception_code == kIllegalAddressException;
    }
    return answer;
}

const Protocol& modbus_protocol() {
    static const ModbusProtocol protocol;
    return protocol;
}

const StreamFraming& modbus_tcp_framing() {
    static const ModbusTcpFraming framing;
    return framing;
}

}  // namespace prepay::metering

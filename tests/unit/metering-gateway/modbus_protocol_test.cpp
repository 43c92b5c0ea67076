#include "protocols/modbus/domain/modbus_protocol.h"

#include <catch2/catch.hpp>

#include "transports/domain/line.h"

using namespace prepay::metering;

namespace {

Answer judge_exception(const Request& request, int code) {
    const Bytes answer{static_cast<std::uint8_t>(request.data[0] | 0x80),
                       static_cast<std::uint8_t>(code)};
    return modbus_protocol().judge(request, answer);
}

}  // namespace

TEST_CASE("A step becomes the bytes of a Modbus request, and those a Modbus TCP frame") {
    const Protocol& modbus = modbus_protocol();
    const Request read = modbus.read(MeterAddress(17), 0x006B, 3);
    CHECK(read.protocol == &modbus);
    CHECK(read.data == Bytes{0x03, 0x00, 0x6B, 0x00, 0x03});
    CHECK_FALSE(read.is_order);
    const std::vector<std::uint16_t> words{0x000A, 0x0102};
    const Request write = modbus.write(MeterAddress(17), 1, words);
    CHECK(write.data == Bytes{0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0A, 0x01, 0x02});
    CHECK(write.is_order);
    const StreamFraming& tcp = modbus_tcp_framing();
    const Bytes frame = tcp.frame(7, read);
    CHECK(frame == Bytes{0, 7, 0, 0, 0, 6, 17, 0x03, 0x00, 0x6B, 0x00, 0x03});
    CHECK(tcp.inspect(frame, 7, MeterAddress(17)).complete);
    CHECK(tcp.inspect(frame, 7, MeterAddress(18)).fault == FrameFault::kWrongUnit);
    const auto inner = tcp.answer_in(frame);
    CHECK(Bytes(inner.begin(), inner.end()) == read.data);
}

TEST_CASE("A Modbus answer is values, refused, busy or unknown") {
    const Protocol& modbus = modbus_protocol();
    const Request read = modbus.read(MeterAddress(1), 0, 2);
    const Answer values = modbus.judge(read, Bytes{0x03, 0x04, 0x02, 0x2B, 0x00, 0x64});
    CHECK(values.ok());
    CHECK(values.words == std::vector<std::uint16_t>{555, 100});
    CHECK(modbus.judge(read, Bytes{0x03, 0x02, 0x02, 0x2B}).fault == FrameFault::kBadByteCount);
    for (int code = 1; code <= 11; ++code) {
        const Answer answer = judge_exception(read, code);
        INFO(code);
        CHECK(answer.fault == FrameFault::kNone);
        CHECK_FALSE(answer.ok());
        CHECK(answer.code == code);
        CHECK(std::string(answer.text) != "");
        CHECK(answer.is_absent == (code == 2));
        const AnswerKind kind = code == 6                               ? AnswerKind::kBusy
                                : code == 5 || code == 10 || code == 11 ? AnswerKind::kUnknown
                                                                        : AnswerKind::kRefused;
        CHECK(answer.kind == kind);
    }
    CHECK(judge_exception(read, 12).fault == FrameFault::kUnknownException);
    CHECK(modbus.is_address(MeterAddress(1)));
    CHECK(modbus.is_address(MeterAddress(247)));
    CHECK_FALSE(modbus.is_address(MeterAddress(0)));
    CHECK_FALSE(modbus.is_address(MeterAddress(248)));
    CHECK_FALSE(modbus.is_address(MeterAddress((std::int64_t{1} << 32) + 1)));
    CHECK(&modbus.stream_framing() == &modbus_tcp_framing());
}

TEST_CASE("Each transport has its own word in SQL") {
    for (const Transport transport : kTransports) {
        CHECK(transport_from_text(transport_text(transport)) == transport);
    }
}

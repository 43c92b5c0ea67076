#pragma once

#include "adapters/modbus_tcp_line.h"

namespace prepay::metering {

/// Settings of a serial line, from "/dev/ttyS0?baud=9600&parity=N&data=8&stop=1".
struct SerialAddress {
    std::string device;
    int baud = 9600;
    char parity = 'N';  ///< N, E or O.
    int data_bits = 8;
    int stop_bits = 1;
};

/// Reason LINE_ADDRESS_INVALID.
Result<SerialAddress> parse_serial_address(const std::string& text);

/// Modbus RTU on a serial device or pty, by libmodbus: framing, time-outs and CRC. After anything
/// but a good reply the line is drained until it has been quiet.
class ModbusRtuLine final : public LinePort {
public:
    ModbusRtuLine(const LineConfig& config, const Clock& clock);
    ~ModbusRtuLine() override;

    Status connect() override;
    void disconnect() override;
    [[nodiscard]] bool is_connected() const override { return connected_; }
    WireReply transact(int unit, const Bytes& request_pdu) override;

private:
    void drain();
    void judge(WireReply& reply, int error, int unit, const Bytes& request_pdu);

    LineConfig config_;
    const Clock& clock_;
    ModbusContext context_;
    std::chrono::microseconds character_time_{0};
    bool connected_ = false;
};

/// The line port for a line's transport.
LinePortFactory modbus_line_factory(const Clock& clock);

}  // namespace prepay::metering

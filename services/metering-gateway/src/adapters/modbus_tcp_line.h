#pragma once

#include <modbus/modbus.h>

#include <chrono>
#include <memory>

#include "core/time.h"
#include "ports.h"

namespace prepay::metering {

struct ModbusDeleter {
    void operator()(modbus_t* context) const { modbus_free(context); }
};
using ModbusContext = std::unique_ptr<modbus_t, ModbusDeleter>;

/// Whether a new descriptor would stay clear of libmodbus' limit: it calls select(), which ends the
/// process at descriptors from 1,024 on.
bool has_small_descriptor();

/// Modbus TCP. libmodbus owns the connection; requests and replies go over its socket in our own
/// framing, because its raw calls neither number transactions nor hand out what a faulty reply
/// said. Any time-out or fault closes the connection, so a late reply can never be taken for
/// another's.
class ModbusTcpLine final : public LinePort {
public:
    ModbusTcpLine(const LineConfig& config, const Clock& clock);
    ~ModbusTcpLine() override;

    Status connect() override;
    void disconnect() override;
    [[nodiscard]] bool is_connected() const override { return connected_; }
    WireReply transact(int unit, const Bytes& request_pdu) override;

private:
    bool has_stray_bytes() const;
    bool send_all(const Bytes& frame) const;
    void receive(WireReply& reply, const Bytes& request_pdu, int unit);

    LineConfig config_;
    const Clock& clock_;
    ModbusContext context_;
    bool connected_ = false;
    std::uint16_t transaction_ = 0;
};

}  // namespace prepay::metering

#pragma once

#include <modbus/modbus.h>

#include <chrono>
#include <memory>

#include "core/time.h"
#include "rpc/worker_pool.h"
#include "transports/ports.h"

namespace prepay::metering {

struct ModbusDeleter {
    void operator()(modbus_t* context) const { modbus_free(context); }
};
using ModbusContext = std::unique_ptr<modbus_t, ModbusDeleter>;

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

/// Modbus RTU on a serial device or pty, by libmodbus: framing, time-outs and CRC. Blocks. After
/// anything but a good reply the line is drained until it has been quiet.
class ModbusRtuLine {
public:
    ModbusRtuLine(const LineConfig& config, const Clock& clock);
    ~ModbusRtuLine();
    ModbusRtuLine(const ModbusRtuLine&) = delete;
    ModbusRtuLine& operator=(const ModbusRtuLine&) = delete;

    /// Reasons LINE_UNREACHABLE, LINE_ADDRESS_INVALID; DESCRIPTOR_LIMIT where a new descriptor
    /// could be 1,024 or more, with which libmodbus' select() ends the process.
    Status connect();
    void disconnect();
    [[nodiscard]] bool is_connected() const { return connected_; }
    WireReply transact(const Request& request);

private:
    void drain();
    void judge(WireReply& reply, int error, const Request& request);

    LineConfig config_;
    const Clock& clock_;
    ModbusContext context_;
    std::chrono::microseconds character_time_{0};
    bool connected_ = false;
};

/// A serial line as a port: a thread of its own blocks for it, the loop goes on.
class ThreadedRtuLine final : public LinePort {
public:
    ThreadedRtuLine(const LineConfig& config, const Clock& clock, LineLoop& loop);

    Task<Status> connect() override;
    void disconnect() override { line_.disconnect(); }
    [[nodiscard]] bool is_connected() const override { return line_.is_connected(); }
    Task<WireReply> transact(const Request& request) override;

private:
    template <typename Work>
    Task<std::invoke_result_t<Work&>> on_thread(Work work);

    LineLoop& loop_;
    ModbusRtuLine line_;
    rpc::WorkerPool thread_{1, 1};
};

}  // namespace prepay::metering

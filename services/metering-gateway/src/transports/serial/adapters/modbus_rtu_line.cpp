#include "transports/serial/adapters/modbus_rtu_line.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/assert.h"
#include "protocols/modbus/domain/modbus_frame.h"
#include "quantity/text.h"

namespace prepay::metering {
namespace {

constexpr int kBitsPerCharacter = 11;
constexpr std::chrono::milliseconds kQuietMin{5};
constexpr std::chrono::milliseconds kDrainMax{500};
// Room for descriptors that other threads open meanwhile.
constexpr int kDescriptorMax = 1024 - 64;

bool has_small_descriptor() {
    const int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (probe < 0) {
        return false;
    }
    ::close(probe);
    return probe < kDescriptorMax;
}

Status bad_address(const std::string& text, const std::string& why) {
    return invalid_argument("LINE_ADDRESS_INVALID",
                            "\"" + text + "\": " + why + "; write /dev/ttyS0?baud=9600&parity=N");
}

Status apply_option(SerialAddress& address, const std::string& text, const std::string& key,
                    const std::string& value) {
    const auto number = parse_decimal(value, 0);
    if (key == "baud" && number && *number >= 300 && *number <= 921'600) {
        address.baud = static_cast<int>(*number);
    } else if (key == "parity" && (value == "N" || value == "E" || value == "O")) {
        address.parity = value[0];
    } else if (key == "data" && number && (*number == 7 || *number == 8)) {
        address.data_bits = static_cast<int>(*number);
    } else if (key == "stop" && number && (*number == 1 || *number == 2)) {
        address.stop_bits = static_cast<int>(*number);
    } else {
        return bad_address(text, "bad option " + key + "=" + value);
    }
    return absl::OkStatus();
}

}  // namespace

Result<SerialAddress> parse_serial_address(const std::string& text) {
    SerialAddress address;
    const std::size_t question = text.find('?');
    address.device = text.substr(0, question);
    if (address.device.empty() || address.device[0] != '/') {
        return bad_address(text, "a serial device is an absolute path");
    }
    std::size_t start = question;
    while (start != std::string::npos && start + 1 < text.size()) {
        const std::size_t end = text.find('&', start + 1);
        const std::string option =
            text.substr(start + 1, end == std::string::npos ? std::string::npos : end - start - 1);
        const std::size_t equals = option.find('=');
        if (equals == std::string::npos) {
            return bad_address(text, "bad option " + option);
        }
        PREPAY_RETURN_IF_ERROR(
            apply_option(address, text, option.substr(0, equals), option.substr(equals + 1)));
        start = end;
    }
    return address;
}

ModbusRtuLine::ModbusRtuLine(const LineConfig& config, const Clock& clock)
    : config_(config), clock_(clock) {}

ModbusRtuLine::~ModbusRtuLine() { disconnect(); }

Status ModbusRtuLine::connect() {
    disconnect();
    PREPAY_ASSIGN_OR_RETURN(const SerialAddress address, parse_serial_address(config_.address));
    if (!has_small_descriptor()) {
        return unavailable("DESCRIPTOR_LIMIT", "too many open files for another Modbus line");
    }
    context_.reset(modbus_new_rtu(address.device.c_str(), address.baud, address.parity,
                                  address.data_bits, address.stop_bits));
    if (!context_) {
        return bad_address(config_.address, modbus_strerror(errno));
    }
    const auto timeout = config_.response_timeout;
    modbus_set_response_timeout(context_.get(), static_cast<std::uint32_t>(timeout.count() / 1000),
                                static_cast<std::uint32_t>(timeout.count() % 1000 * 1000));
    // Between two bytes of one reply; serial servers pause longer than the standard's t1.5.
    modbus_set_byte_timeout(context_.get(), 0, 100'000);
    if (modbus_connect(context_.get()) != 0) {
        const std::string why = modbus_strerror(errno);
        context_.reset();
        return unavailable("LINE_UNREACHABLE", config_.address + ": " + why);
    }
    // Two masters on one bus would garble each other.
    ::ioctl(modbus_get_socket(context_.get()), TIOCEXCL);
    character_time_ = std::chrono::microseconds(1'000'000LL * kBitsPerCharacter / address.baud);
    connected_ = true;
    drain();
    return absl::OkStatus();
}

void ModbusRtuLine::disconnect() {
    if (connected_) {
        modbus_close(context_.get());
        connected_ = false;
    }
}

// Reads until the line has been quiet for 3.5 characters, so that noise and late replies are gone.
void ModbusRtuLine::drain() {
    const auto quiet = std::max<std::chrono::milliseconds>(
        std::chrono::ceil<std::chrono::milliseconds>(character_time_ * 7 / 2), kQuietMin);
    const auto deadline = clock_.steady() + kDrainMax;
    std::array<std::uint8_t, kRtuAduMax> buffer{};
    pollfd slot{modbus_get_socket(context_.get()), POLLIN, 0};
    while (clock_.steady() < deadline && ::poll(&slot, 1, static_cast<int>(quiet.count())) > 0) {
        if (::read(slot.fd, buffer.data(), buffer.size()) <= 0) {
            disconnect();
            return;
        }
    }
    modbus_flush(context_.get());
}

WireReply ModbusRtuLine::transact(const Request& request) {
    WireReply reply;
    if (!connected_) {
        reply.outcome = WireOutcome::kDisconnected;
        return reply;
    }
    int waiting = 0;
    if (::ioctl(modbus_get_socket(context_.get()), FIONREAD, &waiting) == 0 && waiting > 0) {
        drain();
        if (!connected_) {
            reply.outcome = WireOutcome::kDisconnected;
            return reply;
        }
    }
    const auto unit = static_cast<int>(request.address.number());
    reply.sent_bytes = rtu_frame(unit, request.data);
    modbus_set_slave(context_.get(), unit);
    const int sent = modbus_send_raw_request(context_.get(), reply.sent_bytes.data(),
                                             static_cast<int>(reply.sent_bytes.size()) - 2);
    reply.sent_time = clock_.now();
    if (sent != static_cast<int>(reply.sent_bytes.size())) {
        reply.outcome = WireOutcome::kDisconnected;
        disconnect();
        return reply;
    }
    reply.sent = true;
    std::array<std::uint8_t, MODBUS_RTU_MAX_ADU_LENGTH> buffer{};
    const int size = modbus_receive_confirmation(context_.get(), buffer.data());
    const int error = size < 0 ? errno : 0;
    reply.received_time = clock_.now();
    if (size > 0) {
        reply.received_bytes.assign(buffer.begin(), buffer.begin() + size);
    }
    judge(reply, error, request);
    if (reply.outcome == WireOutcome::kDisconnected) {
        disconnect();
    } else if (reply.outcome != WireOutcome::kReply) {
        drain();
    }
    return reply;
}

// The one place where libmodbus' errno becomes ours.
void ModbusRtuLine::judge(WireReply& reply, int error, const Request& request) {
    if (error == ETIMEDOUT || error == EAGAIN) {
        reply.outcome = WireOutcome::kTimeout;
        return;
    }
    reply.outcome = WireOutcome::kBadFrame;
    if (error == EMBBADCRC) {
        reply.answer.fault = FrameFault::kBadCrc;
    } else if (error >= MODBUS_ENOBASE) {
        reply.answer.fault = FrameFault::kBadLength;
    } else if (error != 0) {
        reply.outcome = WireOutcome::kDisconnected;
    } else if (const FrameFault fault =
                   inspect_rtu(reply.received_bytes, static_cast<int>(request.address.number()));
               fault != FrameFault::kNone) {
        // libmodbus answers 0 bytes where it ignored a frame of another unit.
        reply.answer.fault = reply.received_bytes.empty() ? FrameFault::kWrongUnit : fault;
    } else {
        const std::span<const std::uint8_t> frame(reply.received_bytes);
        reply.answer = request.protocol->judge(request, frame.subspan(1, frame.size() - 3));
        reply.outcome =
            reply.answer.fault == FrameFault::kNone ? WireOutcome::kReply : WireOutcome::kBadFrame;
    }
}

ThreadedRtuLine::ThreadedRtuLine(const LineConfig& config, const Clock& clock, LineLoop& loop)
    : loop_(loop), line_(config, clock) {}

template <typename Work>
Task<std::invoke_result_t<Work&>> ThreadedRtuLine::on_thread(Work work) {
    std::optional<std::invoke_result_t<Work&>> result;
    Signal done;
    const bool taken = thread_.submit([&] {
        result.emplace(work());
        loop_.post([&done] { done.set(); });
    });
    PREPAY_ASSERT(taken);
    co_await done;
    co_return *std::move(result);
}

Task<Status> ThreadedRtuLine::connect() {
    return on_thread([this] { return line_.connect(); });
}

Task<WireReply> ThreadedRtuLine::transact(const Request& request) {
    return on_thread([this, &request] { return line_.transact(request); });
}

}  // namespace prepay::metering

#include "adapters/modbus_tcp_line.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace prepay::metering {
namespace {

// Room for descriptors that other threads open meanwhile.
constexpr int kDescriptorMax = 1024 - 64;
constexpr std::chrono::milliseconds kConnectTimeoutMin{1000};

}  // namespace

bool has_small_descriptor() {
    const int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (probe < 0) {
        return false;
    }
    ::close(probe);
    return probe < kDescriptorMax;
}

ModbusTcpLine::ModbusTcpLine(const LineConfig& config, const Clock& clock)
    : config_(config), clock_(clock) {}

ModbusTcpLine::~ModbusTcpLine() { disconnect(); }

Status ModbusTcpLine::connect() {
    disconnect();
    const std::string& address = config_.address;
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
        return invalid_argument("LINE_ADDRESS_INVALID", "\"" + address + "\" is not host:port");
    }
    if (!has_small_descriptor()) {
        return unavailable("DESCRIPTOR_LIMIT", "too many open files for another Modbus line");
    }
    context_.reset(
        modbus_new_tcp_pi(address.substr(0, colon).c_str(), address.substr(colon + 1).c_str()));
    if (!context_) {
        return invalid_argument("LINE_ADDRESS_INVALID", "\"" + address + "\" is not host:port");
    }
    const auto timeout = std::max(config_.response_timeout, kConnectTimeoutMin);
    modbus_set_response_timeout(context_.get(), static_cast<std::uint32_t>(timeout.count() / 1000),
                                static_cast<std::uint32_t>(timeout.count() % 1000 * 1000));
    if (modbus_connect(context_.get()) != 0) {
        const std::string text = modbus_strerror(errno);
        context_.reset();
        return unavailable("LINE_UNREACHABLE", address + ": " + text);
    }
    const int on = 1;
    ::setsockopt(modbus_get_socket(context_.get()), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connected_ = true;
    return absl::OkStatus();
}

void ModbusTcpLine::disconnect() {
    if (connected_) {
        modbus_close(context_.get());
        connected_ = false;
    }
}

// Unread bytes, an end of stream or an error.
bool ModbusTcpLine::has_stray_bytes() const {
    std::uint8_t byte = 0;
    const ssize_t count =
        ::recv(modbus_get_socket(context_.get()), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

bool ModbusTcpLine::send_all(const Bytes& frame) const {
    std::size_t done = 0;
    while (done < frame.size()) {
        const ssize_t count = ::send(modbus_get_socket(context_.get()), frame.data() + done,
                                     frame.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            pollfd slot{modbus_get_socket(context_.get()), POLLOUT, 0};
            if (::poll(&slot, 1, static_cast<int>(config_.response_timeout.count())) > 0) {
                continue;
            }
        }
        if (count <= 0) {
            return false;
        }
        done += static_cast<std::size_t>(count);
    }
    return true;
}

WireReply ModbusTcpLine::transact(int unit, const Bytes& request_pdu) {
    WireReply reply;
    if (!connected_) {
        reply.outcome = WireOutcome::kDisconnected;
        return reply;
    }
    // Bytes nobody asked for, or a closed peer: the connection cannot be trusted with an order.
    if (has_stray_bytes()) {
        disconnect();
        if (!connect().ok()) {
            reply.outcome = WireOutcome::kDisconnected;
            return reply;
        }
    }
    ++transaction_;
    reply.sent_bytes = tcp_frame(transaction_, unit, request_pdu);
    if (!send_all(reply.sent_bytes)) {
        reply.outcome = WireOutcome::kDisconnected;
        reply.sent_time = clock_.now();
        disconnect();
        return reply;
    }
    reply.sent = true;
    reply.sent_time = clock_.now();
    receive(reply, request_pdu, unit);
    if (reply.outcome != WireOutcome::kReply) {
        disconnect();
    }
    return reply;
}

void ModbusTcpLine::receive(WireReply& reply, const Bytes& request_pdu, int unit) {
    const auto deadline = clock_.steady() + config_.response_timeout;
    std::array<std::uint8_t, kTcpAduMax + 1> buffer{};
    std::size_t size = 0;
    TcpProgress progress;
    reply.outcome = WireOutcome::kTimeout;
    while (!progress.complete && progress.fault == FrameFault::kNone) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_.steady());
        pollfd slot{modbus_get_socket(context_.get()), POLLIN, 0};
        const int ready = left.count() <= 0 ? 0 : ::poll(&slot, 1, static_cast<int>(left.count()));
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            break;
        }
        const ssize_t count = ::recv(slot.fd, buffer.data() + size, buffer.size() - size, 0);
        if (count <= 0) {
            reply.outcome = WireOutcome::kDisconnected;
            break;
        }
        size += static_cast<std::size_t>(count);
        progress = inspect_tcp(std::span(buffer).first(size), transaction_, unit);
    }
    reply.received_time = clock_.now();
    reply.received_bytes.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    if (progress.fault != FrameFault::kNone) {
        reply.reply.fault = progress.fault;
        reply.outcome = WireOutcome::kBadFrame;
    } else if (progress.complete) {
        constexpr std::size_t kHeaderSize = 7;
        reply.reply = parse_reply(
            request_pdu, std::span(buffer).first(progress.frame_size).subspan(kHeaderSize));
        reply.outcome =
            reply.reply.fault == FrameFault::kNone ? WireOutcome::kReply : WireOutcome::kBadFrame;
    }
}

}  // namespace prepay::metering

#include "transports/tcp/adapters/asio_tcp_line.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

#include "quantity/text.h"
#include "transports/adapters/asio_line_loop.h"

namespace prepay::metering {
namespace {

using boost::asio::ip::tcp;
using Error = boost::system::error_code;

constexpr std::chrono::milliseconds kConnectTimeoutMin{1000};

struct Target {
    std::string host;
    std::string port;
};

Result<Target> parse_target(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    if (colon != std::string::npos && colon > 0) {
        Target target{address.substr(0, colon), address.substr(colon + 1)};
        const auto port = parse_decimal(target.port, 0);
        if (port && *port >= 1 && *port <= 65'535) {
            return target;
        }
    }
    return invalid_argument("LINE_ADDRESS_INVALID", "\"" + address + "\" is not host:port");
}

// Blocks while the name service is asked.
std::vector<tcp::endpoint> resolve(const Target& target, Error& error) {
    boost::asio::io_context unused;
    std::vector<tcp::endpoint> endpoints;
    for (const auto& entry : tcp::resolver(unused).resolve(target.host, target.port, error)) {
        endpoints.push_back(entry.endpoint());
    }
    return endpoints;
}

}  // namespace

/// One socket from its connect to its end. Handlers keep it alive, so what is still to come for a
/// closed one meets nobody.
class AsioTcpLine::Connection : public std::enable_shared_from_this<Connection> {
public:
    explicit Connection(AsioLineLoop& loop)
        : loop_(loop), socket_(loop.context()), timer_(loop.make_timer([this] { on_time(); })) {}

    Task<Error> open(const tcp::endpoint& endpoint,
                     std::chrono::steady_clock::time_point deadline) {
        phase_ = Phase::kConnecting;
        timer_->set(deadline);
        socket_.async_connect(
            endpoint, [self = shared_from_this()](const Error& error) { self->on_connect(error); });
        co_await changed_;
        co_return error_;
    }

    [[nodiscard]] bool is_open() const { return phase_ == Phase::kIdle; }

    void close() {
        Error ignored;
        phase_ = Phase::kClosed;
        socket_.close(ignored);
    }

    // Whether the connection is as a trip order needs it: open, and nothing has come that nobody
    // asked for. What the loop has taken in already is looked at first.
    Task<bool> is_trustworthy() {
        loop_.post([self = shared_from_this()] { self->changed_.set(); });
        co_await changed_;
        if (phase_ != Phase::kIdle) {
            co_return false;
        }
        std::uint8_t byte = 0;
        const ssize_t count = ::recv(socket_.native_handle(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
        co_return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    bool send(const Bytes& frame) {
        Error error;
        const std::size_t count = socket_.send(boost::asio::buffer(frame), MSG_NOSIGNAL, error);
        return !error && count == frame.size();
    }

    // Expects the reply to what was sent just now; changed() is set when it is here, or will not
    // come. Anything but a whole frame closes.
    void expect(const StreamFraming& framing, std::uint16_t transaction, MeterAddress address,
                std::chrono::steady_clock::time_point deadline) {
        framing_ = &framing;
        transaction_ = transaction;
        address_ = address;
        progress_ = {};
        received_size_ = 0;
        phase_ = Phase::kInFlight;
        timer_->set(deadline);
    }
    Signal& changed() { return changed_; }
    [[nodiscard]] WireOutcome outcome() const { return outcome_; }
    [[nodiscard]] FrameFault fault() const { return progress_.fault; }
    [[nodiscard]] std::span<const std::uint8_t> received() const {
        return std::span(received_).first(received_size_);
    }

private:
    enum class Phase { kConnecting, kIdle, kInFlight, kClosed };

    void on_connect(const Error& error) {
        if (phase_ != Phase::kConnecting) {
            return;  // Too late.
        }
        error_ = error;
        if (error_) {
            close();
        } else {
            Error ignored;
            socket_.set_option(tcp::no_delay(true), ignored);
            socket_.non_blocking(true, ignored);
            phase_ = Phase::kIdle;
            listen();
        }
        changed_.set();
    }

    void on_time() {
        if (phase_ == Phase::kConnecting) {
            error_ = boost::asio::error::timed_out;
        } else if (phase_ == Phase::kInFlight) {
            outcome_ = WireOutcome::kTimeout;
            keep_received();
        } else {
            return;
        }
        close();
        changed_.set();
    }

    void listen() {
        socket_.async_receive(boost::asio::buffer(buffer_.data() + size_, buffer_.size() - size_),
                              [self = shared_from_this()](const Error& error, std::size_t count) {
                                  self->on_receive(error, count);
                              });
    }

    void on_receive(const Error& error, std::size_t count) {
        if (phase_ != Phase::kInFlight) {
            close();  // The peer left, or bytes that nobody asked for.
            return;
        }
        size_ += count;
        progress_ = framing_->inspect(std::span(buffer_).first(size_), transaction_, address_);
        if (error) {
            outcome_ = WireOutcome::kDisconnected;
        } else if (progress_.fault != FrameFault::kNone) {
            outcome_ = WireOutcome::kBadFrame;
        } else if (progress_.complete) {
            outcome_ = WireOutcome::kReply;
        } else {
            listen();
            return;
        }
        keep_received();
        if (outcome_ == WireOutcome::kReply) {
            phase_ = Phase::kIdle;
            listen();
        } else {
            close();
        }
        changed_.set();
    }

    void keep_received() {
        received_size_ = std::exchange(size_, 0);
        std::copy_n(buffer_.begin(), received_size_, received_.begin());
    }

    AsioLineLoop& loop_;
    const StreamFraming* framing_ = nullptr;  // Of what is in flight.
    tcp::socket socket_;
    std::unique_ptr<LineTimer> timer_;
    Signal changed_;
    Phase phase_ = Phase::kClosed;
    Error error_;
    std::uint16_t transaction_ = 0;
    MeterAddress address_;
    WireOutcome outcome_ = WireOutcome::kTimeout;
    FrameProgress progress_;
    std::array<std::uint8_t, kStreamFrameMax + 1> buffer_{};
    std::size_t size_ = 0;
    std::array<std::uint8_t, kStreamFrameMax + 1> received_{};
    std::size_t received_size_ = 0;
};

AsioTcpLine::AsioTcpLine(const LineConfig& config, const Clock& clock, AsioLineLoop& loop)
    : config_(config), clock_(clock), loop_(loop) {}

// Perhaps not on the loop: the socket is closed there.
AsioTcpLine::~AsioTcpLine() {
    if (connection_) {
        loop_.post([connection = std::move(connection_)] { connection->close(); });
    }
}

bool AsioTcpLine::is_connected() const { return connection_ && connection_->is_open(); }

void AsioTcpLine::disconnect() {
    if (connection_) {
        connection_->close();
        connection_.reset();
    }
}

Task<Status> AsioTcpLine::connect() {
    disconnect();
    const Result<Target> target = parse_target(config_.address);
    if (!target.ok()) {
        co_return target.status();
    }
    Error error;
    std::vector<tcp::endpoint> endpoints;
    const auto address = boost::asio::ip::make_address(target->host, error);
    if (!error) {
        endpoints.emplace_back(address, static_cast<std::uint16_t>(std::stoi(target->port)));
    } else {
        const auto ask = [&target, &error] { return resolve(*target, error); };
        endpoints = co_await await_blocking(loop_, ask);
    }
    const auto timeout = std::max(config_.response_timeout, kConnectTimeoutMin);
    for (const tcp::endpoint& endpoint : endpoints) {
        auto connection = std::make_shared<Connection>(loop_);
        error = co_await connection->open(endpoint, clock_.steady() + timeout);
        if (!error) {
            connection_ = std::move(connection);
            co_return absl::OkStatus();
        }
    }
    co_return unavailable("LINE_UNREACHABLE", config_.address + ": " + error.message());
}

Task<WireReply> AsioTcpLine::transact(const Request& request) {
    WireReply reply;
    reply.outcome = WireOutcome::kDisconnected;
    if (connection_ && request.is_order) {
        const bool trusted = co_await connection_->is_trustworthy();
        if (!trusted) {
            const Status again = co_await connect();
            if (!again.ok()) {
                co_return reply;
            }
        }
    }
    if (!is_connected()) {
        co_return reply;
    }
    ++transaction_;
    const StreamFraming& framing = request.protocol->stream_framing();
    reply.sent_bytes = framing.frame(transaction_, request);
    reply.sent = connection_->send(reply.sent_bytes);
    reply.sent_time = clock_.now();
    if (!reply.sent) {
        disconnect();
        co_return reply;
    }
    connection_->expect(framing, transaction_, request.address,
                        clock_.steady() + config_.response_timeout);
    Signal& changed = connection_->changed();  // g++ 12 would await a copy of what a call returns.
    co_await changed;
    reply.outcome = connection_->outcome();
    const std::span<const std::uint8_t> received = connection_->received();
    reply.received_time = clock_.now();
    reply.received_bytes.assign(received.begin(), received.end());
    if (reply.outcome == WireOutcome::kReply) {
        reply.answer = request.protocol->judge(request, framing.answer_in(received));
        if (reply.answer.fault != FrameFault::kNone) {
            reply.outcome = WireOutcome::kBadFrame;
        }
    } else if (reply.outcome == WireOutcome::kBadFrame) {
        reply.answer.fault = connection_->fault();
    }
    if (reply.outcome != WireOutcome::kReply) {
        disconnect();
    }
    co_return reply;
}

}  // namespace prepay::metering

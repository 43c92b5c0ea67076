#include "line_server.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <deque>

#include "register_map.h"

namespace prepay::simulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// Bytes of a frame that stopped coming are forgotten after this long; TCP may hold a piece back
/// for 40 ms.
constexpr auto kStaleAfterMin = 100ms;
constexpr int kPacedBaudDefault = 9600;

void corrupt(Bytes& frame, const FaultEffect& effect) {
    if (effect.bad_crc) {
        frame.back() ^= 0xFF;
    }
    switch (effect.bad_mbap) {
        case 1:
            frame[1] ^= 0xFF;
            return;
        case 2:
            frame[3] = 1;
            return;
        case 3:
            ++frame[5];
            return;
        default:
            return;
    }
}

/// Reads requests, serves them one at a time, writes answers.
template <typename Stream>
class StreamChannel final : public Channel,
                            public std::enable_shared_from_this<StreamChannel<Stream>> {
public:
    StreamChannel(Stream stream, LineServer& server)
        : stream_(std::move(stream)), server_(server), framing_(server.line().spec.framing()) {}

    void start() override {
        asio::co_spawn(
            stream_.get_executor(), [self = this->shared_from_this()] { return self->run(); },
            asio::detached);
    }

    void close() override {
        boost::system::error_code ignored;
        stream_.close(ignored);
    }

    [[nodiscard]] bool in_flight() const override { return in_flight_ && !master_gone(); }

private:
    [[nodiscard]] bool master_gone() const {
        if constexpr (std::is_same_v<Stream, tcp::socket>) {
            // Nobody reads while a request is served, so the end of the stream is looked for.
            char byte = 0;
            auto& socket = const_cast<Stream&>(stream_);
            return !socket.is_open() ||
                   ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
        }
        return false;
    }

    asio::awaitable<void> run() {
        server_.line().connection_count += masters_;
        std::array<std::uint8_t, 512> chunk{};
        for (;;) {
            const auto [error, size] =
                co_await stream_.async_read_some(asio::buffer(chunk), kAwait);
            if (error) {
                break;
            }
            forget_stale();
            received_.insert(received_.end(), chunk.begin(), chunk.begin() + size);
            co_await serve_received();
        }
        server_.line().connection_count -= masters_;
        close();
    }

    void forget_stale() {
        const auto now = Steady::now();
        const int baud = server_.line().spec.baud;
        const Steady::duration gap = silent_gap(baud > 0 ? baud : kPacedBaudDefault);
        if (framing_ == Framing::kRtu && !received_.empty() &&
            now - last_byte_ > std::max<Steady::duration>(gap, kStaleAfterMin)) {
            ++server_.line().malformed_count;
            received_.clear();
        }
        last_byte_ = now;
    }

    asio::awaitable<void> serve_received() {
        for (;;) {
            Extracted extracted = extract(framing_, received_);
            if (extracted.outcome == Extracted::Outcome::kMore) {
                co_return;
            }
            received_.erase(received_.begin(),
                            received_.begin() + static_cast<std::ptrdiff_t>(extracted.used));
            if (extracted.outcome == Extracted::Outcome::kFrame) {
                co_await serve(extracted.request);
                continue;
            }
            ++server_.line().malformed_count;
            if (framing_ == Framing::kMbap) {
                close();  // nothing tells where the next header would start
            }
        }
    }

    asio::awaitable<void> serve(const Request& request) {
        Line& line = server_.line();
        LineBus& bus = server_.bus();
        server_.log(request);
        if (server_.other_in_flight(*this)) {
            ++line.overlap_count;
        }
        in_flight_ = true;
        const LineSlot slot =
            bus.reserve(Steady::now(), line.spec.baud, rtu_size(request.pdu.size()),
                        rtu_size(expected_answer_size(request.pdu)));
        co_await wait_until(slot.meter_time);
        const Served served = server_.park().serve(line, request.unit, request.pdu);
        if (served.answered) {
            co_await deliver(request, served, slot);
        } else {
            bus.settle(slot, slot.meter_time);
        }
        in_flight_ = false;
    }

    /// Sends the answer when its last character would have come.
    asio::awaitable<void> deliver(const Request& request, const Served& served,
                                  const LineSlot& slot) {
        const int baud = server_.line().spec.baud;
        auto end = slot.meter_time;
        Steady::duration gap{0};
        if (baud > 0) {
            end += character_time(baud, rtu_size(served.pdu.size()));
            gap = silent_gap(baud);
        }
        Bytes frame = encode(framing_, request.transaction, request.unit, served.pdu);
        corrupt(frame, served.effect);
        if (served.effect.late) {
            server_.bus().settle(slot, slot.meter_time);
            send_later(request, std::move(frame), end + served.effect.delay);
            co_return;
        }
        end += served.effect.delay;
        server_.bus().settle(slot, end + gap);
        co_await wait_until(end);
        send(request, std::move(frame));
    }

    void send_later(const Request& request, Bytes frame, Steady::time_point time) {
        asio::co_spawn(
            stream_.get_executor(),
            [self = this->shared_from_this(), request, frame = std::move(frame),
             time]() mutable -> asio::awaitable<void> {
                co_await self->wait_until(time);
                self->send(request, std::move(frame));
            },
            asio::detached);
    }

    asio::awaitable<void> wait_until(Steady::time_point time) {
        if (time > Steady::now()) {
            asio::steady_timer timer(stream_.get_executor(), time);
            co_await timer.async_wait(kAwait);
        }
    }

    void send(const Request& request, Bytes frame) {
        if (!stream_.is_open()) {
            return;
        }
        server_.log_answer(request, frame);
        outgoing_.push_back(std::move(frame));
        if (outgoing_.size() == 1) {
            write_next();
        }
    }

    void write_next() {
        asio::async_write(stream_, asio::buffer(outgoing_.front()),
                          [self = this->shared_from_this()](auto error, std::size_t) {
                              self->outgoing_.pop_front();
                              if (error) {
                                  self->outgoing_.clear();
                              } else if (!self->outgoing_.empty()) {
                                  self->write_next();
                              }
                          });
    }

    Stream stream_;
    LineServer& server_;
    const Framing framing_;
    const int masters_ = server_.line().spec.pty_link.empty() ? 1 : 0;  // on a pty nobody can tell
    bool in_flight_ = false;
    Bytes received_;
    Steady::time_point last_byte_;
    std::deque<Bytes> outgoing_;
};

Status not_opened(const Line& line, const std::string& what) {
    return failed_precondition("LINE_NOT_OPENED", "line '" + line.spec.line_id + "': " + what);
}

std::string error_text() { return std::strerror(errno); }

/// Makes the link point at the pty; replaces an older link, never a file.
Status link_pty(const Line& line, const char* device) {
    const char* link = line.spec.pty_link.c_str();
    struct stat there {};
    if (lstat(link, &there) == 0) {
        if (!S_ISLNK(there.st_mode)) {
            return not_opened(line, line.spec.pty_link + " exists and is not a symbolic link");
        }
        unlink(link);
    }
    if (symlink(device, link) != 0) {
        return not_opened(line, "cannot link " + line.spec.pty_link + ": " + error_text());
    }
    return absl::OkStatus();
}

}  // namespace

LineSlot LineBus::reserve(Steady::time_point arrival, int baud, std::size_t request_bytes,
                          std::size_t answer_bytes) {
    const auto start = std::max(arrival, free_);
    if (baud == 0) {
        free_ = start;
        return {start, start};
    }
    // The meter takes the request for whole after the silence behind it; the silence behind the
    // answer must pass before the next request.
    const auto meter_time = start + character_time(baud, request_bytes) + silent_gap(baud);
    free_ = meter_time + character_time(baud, answer_bytes) + silent_gap(baud);
    return {meter_time, free_};
}

void LineBus::settle(const LineSlot& slot, Steady::time_point end) {
    free_ = free_ == slot.free_time ? end : std::max(free_, end);
}

LineServer::LineServer(asio::io_context& io, Park& park, Line& line, FrameLog& log)
    : io_(io), park_(park), line_(line), log_(log), acceptor_(io), accept_again_(io) {}

LineServer::~LineServer() {
    drop_connections();
    if (pty_slave_ >= 0) {
        ::close(pty_slave_);
    }
    if (pty_linked_) {
        unlink(line_.spec.pty_link.c_str());
    }
}

Status LineServer::open() { return line_.spec.pty_link.empty() ? open_tcp() : open_pty(); }

Status LineServer::open_tcp() {
    const tcp::endpoint wanted(asio::ip::address_v4::loopback(),
                               static_cast<std::uint16_t>(line_.spec.tcp_port));
    boost::system::error_code error;
    acceptor_.open(wanted.protocol(), error);
    if (!error) {
        acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    }
    if (!error) {
        acceptor_.bind(wanted, error);
    }
    if (!error) {
        acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
        return not_opened(line_, "cannot listen on 127.0.0.1:" +
                                     std::to_string(line_.spec.tcp_port) + ": " + error.message());
    }
    line_.spec.tcp_port = acceptor_.local_endpoint().port();
    return absl::OkStatus();
}

void LineServer::start() {
    if (pty_channel_) {
        pty_channel_->start();
    } else {
        accept();
    }
}

void LineServer::accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
        if (error == asio::error::operation_aborted) {
            return;  // `this` may be gone
        }
        if (!error) {
            accepted(std::move(socket));
            accept();
            return;
        }
        accept_again_.expires_after(100ms);  // out of descriptors, most likely
        accept_again_.async_wait([this](boost::system::error_code stopped) {
            if (!stopped) {
                accept();
            }
        });
    });
}

void LineServer::accepted(tcp::socket socket) {
    if (park_.now() < line_.reboot_end) {
        return;  // closes it
    }
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto channel = std::make_shared<StreamChannel<tcp::socket>>(std::move(socket), *this);
    std::erase_if(channels_, [](const auto& other) { return other.expired(); });
    channels_.push_back(channel);
    channel->start();
}

Status LineServer::open_pty() {
    const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0) {
        return not_opened(line_, "cannot make a pty: " + error_text());
    }
    asio::posix::stream_descriptor stream(io_, master);
    if (grantpt(master) != 0 || unlockpt(master) != 0) {
        return not_opened(line_, "cannot unlock the pty: " + error_text());
    }
    const std::string device = ptsname(master);
    pty_slave_ = ::open(device.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios mode{};
    if (pty_slave_ < 0 || tcgetattr(pty_slave_, &mode) != 0) {
        return not_opened(line_, "cannot open " + device + ": " + error_text());
    }
    cfmakeraw(&mode);
    tcsetattr(pty_slave_, TCSANOW, &mode);
    PREPAY_RETURN_IF_ERROR(link_pty(line_, device.c_str()));
    pty_linked_ = true;
    pty_channel_ =
        std::make_shared<StreamChannel<asio::posix::stream_descriptor>>(std::move(stream), *this);
    return absl::OkStatus();
}

void LineServer::drop_connections() {
    for (const auto& weak : channels_) {
        if (const auto channel = weak.lock()) {
            channel->close();
        }
    }
}

bool LineServer::other_in_flight(const Channel& self) const {
    return std::any_of(channels_.begin(), channels_.end(), [&](const auto& weak) {
        const auto channel = weak.lock();
        return channel && channel.get() != &self && channel->in_flight();
    });
}

void LineServer::log(const Request& request) { append(request, true, request.frame); }

void LineServer::log_answer(const Request& request, const Bytes& frame) {
    append(request, false, frame);
}

void LineServer::append(const Request& request, bool from_master, const Bytes& frame) {
    const bool possible = request.unit >= 1 && request.unit <= 247;
    const Meter* meter = possible ? line_.units[static_cast<std::size_t>(request.unit)] : nullptr;
    FrameRecord record;
    record.frame_time = park_.now();
    record.line_id = line_.spec.line_id;
    record.unit = request.unit;
    record.from_master = from_master;
    record.data = frame;
    if (meter != nullptr) {
        record.meter_id = meter->spec().meter_id;
        record.relay_write = from_master && is_relay_write(meter->spec().family, request.pdu);
    }
    log_.append(std::move(record));
}

}  // namespace prepay::simulator

#include "line_server.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>

#include "register_map.h"
#include "stream_channel.h"

namespace prepay::simulator {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

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

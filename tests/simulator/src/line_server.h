#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "frame_log.h"
#include "line_bus.h"
#include "park.h"

namespace prepay::simulator {

/// One end a master holds: a TCP connection or the pty.
class Channel {
public:
    virtual ~Channel() = default;
    virtual void start() = 0;
    virtual void close() = 0;
    /// Whether a request of a master that is still there waits for its answer.
    [[nodiscard]] virtual bool in_flight() const = 0;
};

/// Serves a line to its masters over TCP or a pty. Lives on the I/O thread.
class LineServer {
public:
    LineServer(boost::asio::io_context& io, Park& park, Line& line, FrameLog& log);
    ~LineServer();
    LineServer(const LineServer&) = delete;
    LineServer& operator=(const LineServer&) = delete;

    /// Binds the port or makes the pty. Reason LINE_NOT_OPENED. Fills in a port that the system
    /// chose.
    Status open();
    /// Starts to serve; the server must then outlive the I/O context's last run.
    void start();

    /// Drops all masters, as a serial server does when it reboots. A pty stays.
    void drop_connections();

    // For its channels.
    Park& park() { return park_; }
    Line& line() { return line_; }
    LineBus& bus() { return bus_; }
    void log(const Request& request);
    void log_answer(const Request& request, const Bytes& frame);
    /// Whether another channel has a request in flight.
    [[nodiscard]] bool other_in_flight(const Channel& self) const;

private:
    Status open_tcp();
    Status open_pty();
    void accept();
    void accepted(boost::asio::ip::tcp::socket socket);
    void append(const Request& request, bool from_master, const Bytes& frame);

    boost::asio::io_context& io_;
    Park& park_;
    Line& line_;
    FrameLog& log_;
    LineBus bus_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer accept_again_;
    std::vector<std::weak_ptr<Channel>> channels_;
    std::shared_ptr<Channel> pty_channel_;
    int pty_slave_ = -1;  // held open, else the master end reports a hang-up
    bool pty_linked_ = false;
};

}  // namespace prepay::simulator

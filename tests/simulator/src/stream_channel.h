#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <memory>
#include <type_traits>
#include <utility>

#include "line_server.h"
#include "modbus_frame.h"

namespace prepay::simulator {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// Bytes of a frame that stopped coming are forgotten after this long; TCP may hold a piece back
/// for 40 ms.
inline constexpr std::chrono::milliseconds kStaleAfterMin{100};
inline constexpr int kPacedBaudDefault = 9600;

inline void corrupt(Bytes& frame, const FaultEffect& effect) {
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
        if constexpr (std::is_same_v<Stream, asio::ip::tcp::socket>) {
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

}  // namespace prepay::simulator

#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "adapters/asio_client_address.h"
#include "adapters/http_head.h"
#include "adapters/http_message.h"
#include "adapters/places.h"
#include "metrics.h"

namespace prepay::console {

/// What a client may take of the edge, before and after log-in.
struct HttpLimits {
    std::chrono::milliseconds idle_time{5'000};      ///< Wait for the next request.
    std::chrono::milliseconds receive_time{15'000};  ///< First byte of a request to its last.
    std::chrono::milliseconds send_wait{5'000};      ///< For a client that takes nothing.
    std::size_t body_bytes_max = 128 << 20;          ///< Of all requests together.
};

class HttpConnection;

/// What the connections of an edge share.
struct HttpShared {
    HttpShared(const HttpLimits& http_limits, ClientAddresses client_addresses,
               const Places::Limits& request_limits, const ConsoleMetrics& console_metrics)
        : limits(http_limits),
          addresses(std::move(client_addresses)),
          requests(request_limits, console_metrics, nullptr),
          metrics(console_metrics) {}

    const HttpLimits limits;
    const ClientAddresses addresses;
    Places requests;  ///< Of clients behind a proxy, whose connections are the proxy's.
    const ConsoleMetrics& metrics;
    HttpHeaders every_answer;
    std::function<boost::asio::awaitable<void>(HttpConnection&)> handle;
    std::atomic<std::size_t> body_bytes{0};
    std::atomic<bool> stopping{false};
};

/// One client's connection: a coroutine on a strand that reads requests one after the other, has
/// each handled, and keeps its deadlines and bounds. Only methods marked so are for other threads.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    HttpConnection(boost::asio::ip::tcp::socket socket, HttpShared& shared);
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    /// Serves requests until the connection ends.
    boost::asio::awaitable<void> serve();
    /// From any thread: ends the connection if it waits for its client; a request at work goes on.
    void shut_down();

    // For the handler of the request in hand.

    [[nodiscard]] const HttpRequest& request() const { return request_; }
    /// What the client is counted as.
    [[nodiscard]] const std::string& client() const { return client_; }
    [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }
    [[nodiscard]] bool is_stopping() const { return shared_.stopping; }
    /// The other side has closed, if only its half.
    [[nodiscard]] bool is_client_gone();
    /// RESOURCE_EXHAUSTED BODY_TOO_LARGE at the first byte beyond `bytes_max`, or OVERLOADED;
    /// DEADLINE_EXCEEDED BODY_TOO_SLOW; INVALID_ARGUMENT BAD_FRAMING.
    boost::asio::awaitable<Result<std::string>> read_body(std::size_t bytes_max);
    /// Sends a whole answer.
    boost::asio::awaitable<void> answer(HttpAnswer answer);
    /// Begins an answer of unknown length; then pieces; then its end. Without the end the client
    /// sees that something is missing. false when the client is gone or takes nothing.
    boost::asio::awaitable<bool> begin_stream(HttpAnswer answer);
    boost::asio::awaitable<bool> write_piece(std::string piece);
    boost::asio::awaitable<void> end_stream();

private:
    using Deadline = std::chrono::steady_clock::time_point;
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    boost::asio::awaitable<bool> read_request();
    boost::asio::awaitable<bool> read_head();
    boost::asio::awaitable<bool> refuse(Status status);
    Status take_head(std::size_t size);
    Status parse_piece();
    boost::asio::awaitable<bool> fill(Deadline deadline);
    boost::asio::awaitable<bool> write_all(std::string_view bytes);
    boost::asio::awaitable<void> handle();
    boost::asio::awaitable<void> take_leave();
    void start_timer(Deadline deadline);
    void stop_timer() { ++timer_round_; }
    void end_request();
    [[nodiscard]] std::string head_of(const HttpAnswer& answer, std::optional<std::size_t> length);
    [[nodiscard]] Deadline in(std::chrono::milliseconds span) const;
    [[nodiscard]] std::string_view buffered() const;

    boost::asio::ip::tcp::socket socket_;
    HttpShared& shared_;
    boost::asio::ip::address peer_;
    boost::asio::steady_timer timer_;
    std::uint64_t timer_round_ = 0;
    bool timed_out_ = false;
    bool waiting_ = false;  ///< For the client to send.
    boost::beast::flat_buffer buffer_;

    // Of the request in hand.
    HttpRequest request_;
    std::string client_;
    std::shared_ptr<void> request_place_;
    std::optional<Parser> parser_;
    std::function<void(std::uint64_t, boost::beast::string_view, boost::beast::error_code&)>
        check_chunk_;
    std::size_t extension_bytes_ = 0;
    std::size_t body_bytes_ = 0;  ///< Counted in the sum of all.
    Deadline deadline_;
    bool http_1_0_ = false;
    bool continue_expected_ = false;
    bool body_missing_ = false;  ///< Not all of it was read: what follows is no request.
    bool late_ = false;
    bool answered_ = false;
    bool stream_open_ = false;  ///< Begun and not ended.
    bool last_ = false;         ///< The connection ends after this one.
};

}  // namespace prepay::console

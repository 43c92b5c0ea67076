#include "adapters/asio_http_connection.h"

#include <absl/strings/ascii.h>
#include <poll.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <charconv>

#include "adapters/connect_protocol.h"
#include "telemetry/log.h"

namespace prepay::console {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kRequestsPerConnection = 1000;
constexpr milliseconds kLinger{1000};
constexpr std::size_t kLingerBytes = 1 << 20;
constexpr std::size_t kReadBytes = 16 << 10;
constexpr std::size_t kSendBytesPerSecond = 16 << 10;
constexpr std::size_t kExtensionBytesMax = 64 << 10;

Status too_large(std::size_t bytes_max) {
    return make_error(absl::StatusCode::kResourceExhausted, "BODY_TOO_LARGE",
                      "the request is larger than " + std::to_string(bytes_max) + " bytes");
}

Status too_slow(const std::string& what) {
    return make_error(absl::StatusCode::kDeadlineExceeded, what,
                      "the request did not arrive in time");
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, HttpShared& shared)
    : socket_(std::move(socket)), shared_(shared), timer_(socket_.get_executor()) {
    error_code error;
    peer_ = plain_address(socket_.remote_endpoint(error).address());
}

HttpConnection::Deadline HttpConnection::in(milliseconds span) const {
    return steady_clock::now() + span;
}

std::string_view HttpConnection::buffered() const {
    return {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
}

void HttpConnection::start_timer(Deadline deadline) {
    const std::uint64_t round = ++timer_round_;
    timed_out_ = false;
    timer_.expires_at(deadline);
    timer_.async_wait([weak = weak_from_this(), round](const error_code& error) {
        const auto self = weak.lock();
        if (!error && self && self->timer_round_ == round) {
            self->timed_out_ = true;
            error_code ignored;
            self->socket_.cancel(ignored);
        }
    });
}

void HttpConnection::shut_down() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        if (self->waiting_) {
            error_code ignored;
            self->socket_.cancel(ignored);
        }
    });
}

asio::awaitable<bool> HttpConnection::fill(Deadline deadline) {
    if (shared_.stopping) {
        co_return false;
    }
    waiting_ = true;
    start_timer(deadline);
    error_code error;
    const std::size_t size = co_await socket_.async_read_some(
        buffer_.prepare(kReadBytes), asio::redirect_error(asio::use_awaitable, error));
    stop_timer();
    waiting_ = false;
    buffer_.commit(size);
    late_ = timed_out_ && size == 0;
    co_return size > 0 && !shared_.stopping;
}

asio::awaitable<bool> HttpConnection::refuse(Status status) {
    body_missing_ = true;
    HttpAnswer refusal;
    refusal.status = http_status(status);
    refusal.headers.emplace_back("Content-Type", "application/json");
    refusal.headers.emplace_back("Cache-Control", "no-store");
    refusal.body = error_json(status);
    co_await answer(std::move(refusal));
    co_return false;
}

Status HttpConnection::take_head(std::size_t size) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(2 * kHeadBytesMax));
    parser_->body_limit(boost::none);
    check_chunk_ = [this](std::uint64_t, boost::beast::string_view extension, error_code& error) {
        extension_bytes_ += extension.size();
        const bool clean = std::all_of(extension.begin(), extension.end(), [](char c) {
            return static_cast<unsigned char>(c) >= 0x20 || c == '\t';
        });
        if (!clean || extension_bytes_ > kExtensionBytesMax) {
            error = http::error::bad_chunk_extension;
        }
    };
    parser_->on_chunk_header(check_chunk_);
    error_code error;
    const std::size_t used = parser_->put(asio::buffer(buffer_.data().data(), size), error);
    if (error || used != size || !parser_->is_header_done()) {
        return bad_framing("it is no HTTP");
    }
    buffer_.consume(used);
    const auto& head = parser_->get();
    http_1_0_ = head.version() == 10;
    last_ = last_ || !parser_->keep_alive();
    request_.method = std::string(head.method_string());
    for (const auto& field : head) {
        std::string name(field.name_string());
        absl::AsciiStrToLower(&name);
        request_.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    body_missing_ = !parser_->is_done();
    continue_expected_ = !http_1_0_ && request_.has_header("expect");
    const boost::beast::string_view target = head.target();
    return read_target({target.data(), target.size()}, request_);
}

// The whole head of the next request; an answer is given here when there is none.
asio::awaitable<bool> HttpConnection::read_head() {
    HeadCheck check;
    for (;;) {
        const Status looked = check.look(buffered());
        if (!looked.ok()) {
            co_return co_await refuse(looked);
        }
        if (check.size() > 0) {
            break;
        }
        const bool more = co_await fill(deadline_);
        if (!more) {
            if (late_) {
                const Status slow = too_slow("HEAD_TOO_SLOW");
                co_return co_await refuse(slow);
            }
            co_return false;
        }
    }
    const Status taken = take_head(check.size());
    if (!taken.ok()) {
        co_return co_await refuse(taken);
    }
    co_return true;
}

asio::awaitable<bool> HttpConnection::read_request() {
    request_ = HttpRequest();
    parser_.reset();
    extension_bytes_ = 0;
    answered_ = false;
    late_ = false;
    body_missing_ = false;
    http_1_0_ = false;
    continue_expected_ = false;
    if (buffer_.size() == 0) {
        const bool came = co_await fill(in(shared_.limits.idle_time));
        late_ = false;
        if (!came) {
            co_return false;
        }
    }
    deadline_ = in(shared_.limits.receive_time);
    if (buffered().substr(0, 2) == "\r\n") {  // RFC 9112 2.2: one empty line is none.
        buffer_.consume(2);
    }
    const bool there = co_await read_head();
    if (!there) {
        co_return false;
    }
    const auto client =
        shared_.addresses.client_of(peer_, request_.header(shared_.addresses.header()));
    request_.client_address = client.to_string();
    client_ = client_key(client);
    if (shared_.addresses.is_proxy(peer_)) {
        request_place_ = shared_.requests.take(client_);
        if (!request_place_) {
            const Status busy =
                make_error(absl::StatusCode::kResourceExhausted, "TOO_MANY_CONNECTIONS",
                           "too many requests at once from your address");
            co_return co_await refuse(busy);
        }
    }
    co_return true;
}

Status HttpConnection::parse_piece() {
    const std::size_t before = parser_->get().body().size();
    error_code error;
    const std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    const std::size_t grown = parser_->get().body().size() - before;
    body_bytes_ += grown;
    if ((shared_.body_bytes += grown) > shared_.limits.body_bytes_max) {
        return make_error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                          "too many large requests at once; try again in a moment");
    }
    if (error == http::error::body_limit) {
        return make_error(absl::StatusCode::kResourceExhausted, "BODY_TOO_LARGE", "");
    }
    if (error && error != http::error::need_more) {
        return bad_framing("its chunks are not well formed");
    }
    return buffer_.size() > kHeadBytesMax ? bad_framing("a line of its chunks has no end")
                                          : absl::OkStatus();
}

asio::awaitable<Result<std::string>> HttpConnection::read_body(std::size_t bytes_max) {
    if (!body_missing_) {
        co_return std::string();
    }
    if (parser_->content_length().value_or(0) > bytes_max) {
        co_return too_large(bytes_max);
    }
    parser_->body_limit(bytes_max);
    parser_->eager(true);
    if (continue_expected_ && buffer_.size() == 0) {
        co_await write_all("HTTP/1.1 100 Continue\r\n\r\n");
    }
    while (!parser_->is_done()) {
        if (buffer_.size() > 0) {
            const Status status = parse_piece();
            if (!status.ok()) {
                co_return error_reason(status) == "BODY_TOO_LARGE" ? too_large(bytes_max) : status;
            }
        }
        if (!parser_->is_done()) {
            const bool more = co_await fill(deadline_);
            if (!more) {
                co_return late_ ? too_slow("BODY_TOO_SLOW") : bad_framing("it ends too early");
            }
        }
    }
    body_missing_ = false;
    co_return std::move(parser_->get().body());
}

asio::awaitable<bool> HttpConnection::write_all(std::string_view bytes) {
    const Deadline whole =
        in(2 * shared_.limits.send_wait) + std::chrono::seconds(bytes.size() / kSendBytesPerSecond);
    while (!bytes.empty()) {
        start_timer(std::min(whole, in(shared_.limits.send_wait)));
        error_code error;
        const std::size_t size =
            co_await socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()),
                                              asio::redirect_error(asio::use_awaitable, error));
        stop_timer();
        if (error) {
            last_ = true;
            co_return false;
        }
        bytes.remove_prefix(size);
    }
    co_return true;
}

std::string HttpConnection::head_of(const HttpAnswer& answer, std::optional<std::size_t> length) {
    last_ = last_ || body_missing_ || shared_.stopping || (!length && http_1_0_);
    std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " ";
    head += std::string(
        http::obsolete_reason(http::int_to_status(static_cast<unsigned>(answer.status))));
    head += "\r\n";
    const auto add = [&head](const std::string& name, const std::string& value) {
        head += name + ": " + value + "\r\n";
    };
    for (const auto& [name, value] : answer.headers) {
        add(name, value);
    }
    for (const auto& [name, value] : shared_.every_answer) {
        add(name, value);
    }
    if (length && answer.status != 204 && answer.status != 304) {
        add("Content-Length", std::to_string(*length));
    } else if (!length && !http_1_0_) {
        add("Transfer-Encoding", "chunked");
    }
    if (last_) {
        add("Connection", "close");
    } else if (http_1_0_) {
        add("Connection", "keep-alive");
    }
    return head + "\r\n";
}

asio::awaitable<void> HttpConnection::answer(HttpAnswer answer) {
    constexpr std::size_t kOnePiece = 16 << 10;
    answered_ = true;
    const std::string_view body = answer.file ? std::string_view(*answer.file) : answer.body;
    std::string head = head_of(answer, body.size());
    const bool bare = request_.method == "HEAD";
    if (!bare && body.size() <= kOnePiece) {
        head += body;
    }
    const bool sent = co_await write_all(head);
    if (sent && !bare && body.size() > kOnePiece) {
        co_await write_all(body);
    }
}

asio::awaitable<bool> HttpConnection::begin_stream(HttpAnswer answer) {
    answered_ = true;
    stream_open_ = true;
    const std::string head = head_of(answer, std::nullopt);
    co_return co_await write_all(head);
}

asio::awaitable<bool> HttpConnection::write_piece(std::string piece) {
    if (piece.empty()) {
        co_return true;
    }
    std::string bytes;
    if (http_1_0_) {
        bytes = std::move(piece);
    } else {
        std::array<char, 16> size{};
        const auto end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16);
        bytes.reserve(piece.size() + size.size());
        bytes.append(size.data(), end.ptr).append("\r\n").append(piece).append("\r\n");
    }
    co_return co_await write_all(bytes);
}

asio::awaitable<void> HttpConnection::end_stream() {
    stream_open_ = false;
    if (!http_1_0_) {
        co_await write_all("0\r\n\r\n");
    }
}

bool HttpConnection::is_client_gone() {
    pollfd entry{socket_.native_handle(), POLLRDHUP, 0};
    return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLERR | POLLHUP | POLLRDHUP)) != 0;
}

asio::awaitable<void> HttpConnection::handle() {
    std::string failure;
    try {
        co_await shared_.handle(*this);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    if (!failure.empty()) {
        telemetry::log_error("request failed", {{"error", failure}});
        last_ = true;
        if (!answered_) {
            const Status status = internal_error("INTERNAL", "the request failed; see the log");
            co_await refuse(status);
        }
    }
}

void HttpConnection::end_request() {
    shared_.body_bytes -= body_bytes_;
    body_bytes_ = 0;
    request_place_.reset();
    if (late_) {
        shared_.metrics.count_refusal("slow");
    }
}

asio::awaitable<void> HttpConnection::serve() {
    for (int count = 1; !last_ && !shared_.stopping; ++count) {
        last_ = count == kRequestsPerConnection;
        const bool there = co_await read_request();
        if (there) {
            co_await handle();
        }
        end_request();
        if (!there || body_missing_ || stream_open_) {
            break;
        }
    }
    error_code ignored;
    if (body_missing_) {
        co_await take_leave();
    } else if (stream_open_ && http_1_0_) {  // Only a reset says that something is missing.
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    } else {
        socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    }
    socket_.close(ignored);
}

// Closing with unread bytes resets the connection, and the client loses the answer that says why.
asio::awaitable<void> HttpConnection::take_leave() {
    error_code error;
    socket_.shutdown(asio::socket_base::shutdown_send, error);
    const Deadline deadline = in(kLinger);
    std::size_t taken = 0;
    buffer_.clear();
    while (taken < kLingerBytes) {
        const bool more = co_await fill(deadline);
        if (!more) {
            co_return;
        }
        taken += buffer_.size();
        buffer_.clear();
    }
}

}  // namespace prepay::console

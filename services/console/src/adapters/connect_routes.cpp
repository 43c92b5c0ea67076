#include "adapters/connect_routes.h"

#include <absl/strings/ascii.h>

#include <algorithm>
#include <optional>

#include "telemetry/log.h"

namespace prepay::console {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kBodyBytesMax = 4 << 20;
constexpr std::size_t kStrangerBodyBytesMax = 64 << 10;  ///< Before a log-in is proven.
constexpr std::chrono::milliseconds kStreamWait{1000};
constexpr std::chrono::minutes kUnaryWait{2};  ///< Longer than any call's own deadline.

std::string media_type(const HttpRequest& request) {
    std::string type = request.header("content-type");
    type.erase(std::find_if(type.begin(), type.end(),
                            [](char c) { return c == ';' || c == ' ' || c == '\t'; }),
               type.end());
    absl::AsciiStrToLower(&type);
    return type;
}

HttpAnswer bare_stream(Codec codec) {
    HttpAnswer answer;
    answer.headers.emplace_back("Content-Type", codec == Codec::kJson
                                                    ? "application/connect+json"
                                                    : "application/connect+proto");
    answer.headers.emplace_back("Cache-Control", "no-store");
    return answer;
}

}  // namespace

Result<CallHeaders> call_headers(const HttpConnection& connection) {
    const HttpRequest& request = connection.request();
    CallHeaders headers;
    headers.authorization = request.header("authorization");
    headers.trace_id = telemetry::new_trace_id();
    headers.client_address = request.client_address;
    if (request.has_header("connect-timeout-ms")) {
        PREPAY_ASSIGN_OR_RETURN(headers.timeout,
                                parse_timeout(request.header("connect-timeout-ms")));
    }
    return headers;
}

HttpAnswer error_answer(const Status& status) {
    HttpAnswer answer;
    answer.status = http_status(status);
    answer.headers.emplace_back("Content-Type", "application/json");
    answer.headers.emplace_back("Cache-Control", "no-store");
    answer.body = error_json(status);
    return answer;
}

Status too_many_streams() {
    return make_error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                      "too many open streams; close a page or try again in a moment");
}

struct ConnectRoutes::Call {
    const google::protobuf::MethodDescriptor* method = nullptr;
    Codec codec = Codec::kJson;
    Status permitted;
    std::string session_id;
    CallHeaders headers;
    std::string body;
    std::shared_ptr<BridgeStream> stream;
    std::shared_ptr<Arrival> arrival;
};

Result<ConnectRoutes::Call> ConnectRoutes::recognize(const HttpConnection& connection) const {
    const HttpRequest& request = connection.request();
    Call call;
    call.method = find_method(request.path);
    if (call.method == nullptr || !bridge_.knows(call.method->file()->package())) {
        return make_error(absl::StatusCode::kUnimplemented, "METHOD_UNKNOWN",
                          "there is no such method");
    }
    const std::string prefix =
        call.method->server_streaming() ? "application/connect+" : "application/";
    const std::string type = media_type(request);
    if (type != prefix + "json" && type != prefix + "proto") {
        return make_error(absl::StatusCode::kUnimplemented, "CONTENT_TYPE",
                          "send " + prefix + "json or " + prefix + "proto");
    }
    call.codec = type == prefix + "json" ? Codec::kJson : Codec::kProto;
    PREPAY_ASSIGN_OR_RETURN(call.headers, call_headers(connection));
    const Result<rpc::Identity> caller =
        access_.authorize(*call.method, call.headers.authorization);
    call.permitted = caller.status();
    call.session_id = caller.ok() ? caller->session_id : "";
    return call;
}

asio::awaitable<void> ConnectRoutes::refuse(HttpConnection& connection, Status status) {
    metrics_.count_request("unary", http_status(status));
    HttpAnswer answer = error_answer(status);
    co_await connection.answer(std::move(answer));
}

asio::awaitable<void> ConnectRoutes::serve(HttpConnection& connection) {
    Result<Call> recognized = recognize(connection);
    if (!recognized.ok()) {
        co_return co_await refuse(connection, recognized.status());
    }
    Call call = *std::move(recognized);
    const bool known = call.permitted.ok() &&
                       rpc::required_permission(*call.method) != common::v1::PERMISSION_PUBLIC;
    Result<std::string> body =
        co_await connection.read_body(known ? kBodyBytesMax : kStrangerBodyBytesMax);
    if (!body.ok()) {
        const Status status = call.permitted.ok() ? body.status() : call.permitted;
        co_return co_await refuse(connection, status);
    }
    call.body = *std::move(body);
    if (call.method->server_streaming()) {
        co_await serve_stream(connection, call);
    } else {
        co_await serve_unary(connection, call);
    }
}

asio::awaitable<void> ConnectRoutes::serve_unary(HttpConnection& connection, Call& call) {
    const Result<std::string> message =
        call.permitted.ok() ? decode_request(*call.method, call.codec, call.body) : call.permitted;
    if (!message.ok()) {
        co_return co_await refuse(connection, message.status());
    }
    const auto arrival = std::make_shared<Arrival>(connection.executor());
    const auto reply = std::make_shared<std::optional<Result<std::string>>>();
    bridge_.call(*call.method, *message, call.headers, [arrival, reply](Result<std::string> said) {
        *reply = std::move(said);
        arrival->notify();
    });
    while (!co_await arrival->wait(kUnaryWait)) {
    }
    const Result<std::string> encoded =
        (*reply)->ok() ? encode_response(*call.method, call.codec, ***reply) : (*reply)->status();
    if (!encoded.ok()) {
        co_return co_await refuse(connection, encoded.status());
    }
    HttpAnswer answer;
    answer.headers.emplace_back(
        "Content-Type", call.codec == Codec::kJson ? "application/json" : "application/proto");
    answer.headers.emplace_back("Cache-Control", "no-store");
    answer.body = *encoded;
    metrics_.count_request("unary", answer.status);
    co_await connection.answer(std::move(answer));
}

Status ConnectRoutes::open(Call& call, const std::shared_ptr<Arrival>& arrival) {
    PREPAY_RETURN_IF_ERROR(call.permitted);
    PREPAY_ASSIGN_OR_RETURN(const std::string body, open_envelope(call.body));
    PREPAY_ASSIGN_OR_RETURN(const std::string message,
                            decode_request(*call.method, call.codec, body));
    PREPAY_ASSIGN_OR_RETURN(call.stream, bridge_.open(*call.method, message, call.headers,
                                                      [arrival] { arrival->notify(); }));
    return absl::OkStatus();
}

asio::awaitable<void> ConnectRoutes::serve_stream(HttpConnection& connection, Call& call) {
    metrics_.count_request("stream", 200);
    const std::shared_ptr<void> place = streams_.take(connection.client());
    call.arrival = std::make_shared<Arrival>(connection.executor());
    const Status opened = place ? open(call, call.arrival) : too_many_streams();
    HttpAnswer head = bare_stream(call.codec);
    if (!opened.ok()) {
        head.body = end_of_stream(opened);
        co_await connection.answer(std::move(head));
        co_return;
    }
    const bool begun = co_await connection.begin_stream(std::move(head));
    if (begun) {
        co_await pump(connection, call);
    }
    call.stream.reset();
}

asio::awaitable<void> ConnectRoutes::pump(HttpConnection& connection, const Call& call) {
    Status end;
    for (bool there = true; there;) {
        std::string reply;
        const BridgeStream::Event event = call.stream->take(reply);
        if (access_.refuses(call.session_id)) {
            end = rpc::token_revoked();
            break;
        }
        if (event == BridgeStream::Event::kEnd) {
            end = call.stream->status();
            break;
        }
        if (event == BridgeStream::Event::kNothing) {
            const bool woken = co_await call.arrival->wait(kStreamWait);
            if (!woken && (connection.is_stopping() || connection.is_client_gone())) {
                co_return;
            }
            continue;
        }
        const Result<std::string> encoded = encode_response(*call.method, call.codec, reply);
        if (!encoded.ok()) {
            end = encoded.status();
            break;
        }
        there = co_await connection.write_piece(envelope(0, *encoded));
        if (!there || connection.is_stopping()) {
            co_return;
        }
    }
    co_await connection.write_piece(end_of_stream(end));
    co_await connection.end_stream();
}

}  // namespace prepay::console

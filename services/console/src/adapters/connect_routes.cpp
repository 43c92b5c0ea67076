#include "adapters/connect_routes.h"

#include <algorithm>

#include "telemetry/log.h"

namespace prepay::console {
namespace {

constexpr std::size_t kBodyBytesMax = 4 << 20;
constexpr std::size_t kStrangerBodyBytesMax = 64 << 10;  ///< Before a log-in is proven.
constexpr std::chrono::milliseconds kStreamWait{1000};

std::string media_type(const httplib::Request& request) {
    std::string type = request.get_header_value("content-type");
    type.erase(std::find_if(type.begin(), type.end(),
                            [](char c) { return c == ';' || c == ' ' || c == '\t'; }),
               type.end());
    std::transform(type.begin(), type.end(), type.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return type;
}

const char* stream_type(Codec codec) {
    return codec == Codec::kJson ? "application/connect+json" : "application/connect+proto";
}

}  // namespace

Result<CallHeaders> call_headers(const httplib::Request& request) {
    CallHeaders headers;
    headers.authorization = request.get_header_value("authorization");
    headers.trace_id = telemetry::current_trace_id();
    if (request.has_header("connect-timeout-ms")) {
        PREPAY_ASSIGN_OR_RETURN(headers.timeout,
                                parse_timeout(request.get_header_value("connect-timeout-ms")));
    }
    return headers;
}

void send_error(httplib::Response& response, const Status& status) {
    response.status = http_status(status);
    response.set_content(error_json(status), "application/json");
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
};

Result<ConnectRoutes::Call> ConnectRoutes::recognize(const httplib::Request& request) const {
    Call call;
    call.method = find_method(request.path);
    if (call.method == nullptr || !bridge_.knows(call.method->file()->package())) {
        return make_error(absl::StatusCode::kUnimplemented, "METHOD_UNKNOWN",
                          "no method " + request.path);
    }
    const std::string prefix =
        call.method->server_streaming() ? "application/connect+" : "application/";
    const std::string type = media_type(request);
    if (type != prefix + "json" && type != prefix + "proto") {
        return make_error(absl::StatusCode::kUnimplemented, "CONTENT_TYPE",
                          "send " + prefix + "json or " + prefix + "proto");
    }
    call.codec = type == prefix + "json" ? Codec::kJson : Codec::kProto;
    PREPAY_ASSIGN_OR_RETURN(call.headers, call_headers(request));
    const Result<rpc::Identity> caller =
        access_.authorize(*call.method, call.headers.authorization);
    call.permitted = caller.status();
    call.session_id = caller.ok() ? caller->session_id : "";
    return call;
}

void ConnectRoutes::serve(const httplib::Request& request, httplib::Response& response,
                          const httplib::ContentReader& reader) {
    const telemetry::TraceScope trace("");
    Result<Call> call = recognize(request);
    if (!call.ok()) {
        send_error(response, call.status());
        metrics_.count_request("unary", response.status);
        return;
    }
    const bool known = call->permitted.ok() &&
                       rpc::required_permission(*call->method) != common::v1::PERMISSION_PUBLIC;
    Result<std::string> body =
        server_.read_body(request, reader, known ? kBodyBytesMax : kStrangerBodyBytesMax);
    if (!body.ok()) {
        send_error(response, call->permitted.ok() ? body.status() : call->permitted);
        metrics_.count_request("unary", response.status);
        return;
    }
    call->body = *std::move(body);
    if (call->method->server_streaming()) {
        serve_stream(*call, response);
    } else {
        serve_unary(*call, response);
    }
}

void ConnectRoutes::serve_unary(const Call& call, httplib::Response& response) {
    const auto answer = [&]() -> Result<std::string> {
        PREPAY_RETURN_IF_ERROR(call.permitted);
        PREPAY_ASSIGN_OR_RETURN(const std::string message,
                                decode_request(*call.method, call.codec, call.body));
        PREPAY_ASSIGN_OR_RETURN(const std::string reply,
                                bridge_.call(*call.method, message, call.headers));
        return encode_response(*call.method, call.codec, reply);
    }();
    if (answer.ok()) {
        response.status = 200;
        response.set_content(*answer,
                             call.codec == Codec::kJson ? "application/json" : "application/proto");
    } else {
        send_error(response, answer.status());
    }
    metrics_.count_request("unary", response.status);
}

Result<std::unique_ptr<BridgeStream>> ConnectRoutes::open(const Call& call) {
    PREPAY_RETURN_IF_ERROR(call.permitted);
    PREPAY_ASSIGN_OR_RETURN(const std::string body, open_envelope(call.body));
    PREPAY_ASSIGN_OR_RETURN(const std::string message,
                            decode_request(*call.method, call.codec, body));
    return bridge_.open(*call.method, message, call.headers);
}

void ConnectRoutes::serve_stream(const Call& call, httplib::Response& response) {
    metrics_.count_request("stream", 200);
    response.status = 200;
    response.set_header("Cache-Control", "no-store");
    const std::shared_ptr<void> place = streams_.take();
    Result<std::unique_ptr<BridgeStream>> opened = place ? open(call) : too_many_streams();
    if (!opened.ok()) {
        response.set_content(end_of_stream(opened.status()), stream_type(call.codec));
        return;
    }
    const std::shared_ptr<BridgeStream> stream = *std::move(opened);
    const auto pump = [this, place, stream, session_id = call.session_id, &method = *call.method,
                       codec = call.codec](std::size_t, httplib::DataSink& sink) {
        const auto end = [&sink](const Status& status) {
            const std::string bytes = end_of_stream(status);
            sink.write(bytes.data(), bytes.size());
            sink.done();
            return true;
        };
        std::string reply;
        const BridgeStream::Event event = stream->next(kStreamWait, reply);
        if (access_.refuses(session_id)) {
            return end(rpc::token_revoked());
        }
        if (event == BridgeStream::Event::kTimeout) {
            return !streams_.are_ending() && sink.is_writable();
        }
        if (event == BridgeStream::Event::kEnd) {
            return end(stream->status());
        }
        const Result<std::string> encoded = encode_response(method, codec, reply);
        if (!encoded.ok()) {
            return end(encoded.status());
        }
        const std::string bytes = envelope(0, *encoded);
        return !streams_.are_ending() && sink.write(bytes.data(), bytes.size());
    };
    response.set_chunked_content_provider(stream_type(call.codec), pump);
}

}  // namespace prepay::console

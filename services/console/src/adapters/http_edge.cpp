#include "adapters/http_edge.h"

#include <httplib.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "adapters/connect_protocol.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "prepay/reporting/v1/reporting.pb.h"
#include "telemetry/log.h"

namespace prepay::console {
namespace {

constexpr std::size_t kBodyBytesMax = 4 << 20;
constexpr std::size_t kCallbackBytesMax = 64 << 10;
constexpr std::chrono::milliseconds kStreamWait{1000};
constexpr const char* kContentPolicy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'";

CallHeaders call_headers(const httplib::Request& request) {
    CallHeaders headers;
    headers.authorization = request.get_header_value("authorization");
    headers.trace_id = telemetry::current_trace_id();
    const std::string timeout = request.get_header_value("connect-timeout-ms");
    if (!timeout.empty() && timeout.size() < 8 &&
        timeout.find_first_not_of("0123456789") == std::string::npos) {
        headers.timeout = std::chrono::milliseconds(std::max(1, std::stoi(timeout)));
    }
    return headers;
}

void send_error(httplib::Response& response, const Status& status) {
    response.status = http_status(status);
    response.set_content(error_json(status), "application/json");
}

}  // namespace

struct HttpEdge::State {
    const ConsoleConfig& config;
    GrpcBridge& bridge;
    const rpc::Client& account;
    const ConsoleMetrics& metrics;
    std::unique_ptr<account::v1::PaymentCallbackService::StubInterface> callbacks;
    httplib::Server server;
    std::thread thread;
    std::atomic<bool> stopping{false};

    void serve_method(const httplib::Request& request, httplib::Response& response);
    void serve_unary(const google::protobuf::MethodDescriptor& method, Codec codec,
                     const httplib::Request& request, httplib::Response& response);
    void serve_stream(const google::protobuf::MethodDescriptor& method, Codec codec,
                      const httplib::Request& request, httplib::Response& response);
    void serve_wechat_notice(const httplib::Request& request, httplib::Response& response);
    void serve_room_days_csv(const httplib::Request& request, httplib::Response& response);
    void serve_file_or_app(const httplib::Request& request, httplib::Response& response) const;
    void route();
};

void HttpEdge::State::serve_unary(const google::protobuf::MethodDescriptor& method, Codec codec,
                                  const httplib::Request& request, httplib::Response& response) {
    const auto answer = [&]() -> Result<std::string> {
        PREPAY_ASSIGN_OR_RETURN(const std::string message,
                                decode_request(method, codec, request.body));
        PREPAY_ASSIGN_OR_RETURN(
            const std::string reply,
            bridge.call(method.file()->package(), request.path, message, call_headers(request)));
        return encode_response(method, codec, reply);
    }();
    if (answer.ok()) {
        response.set_content(*answer,
                             codec == Codec::kJson ? "application/json" : "application/proto");
    } else {
        send_error(response, answer.status());
    }
    metrics.count_request("unary", response.status > 0 ? response.status : 200);
}

void HttpEdge::State::serve_stream(const google::protobuf::MethodDescriptor& method, Codec codec,
                                   const httplib::Request& request, httplib::Response& response) {
    const char* content_type =
        codec == Codec::kJson ? "application/connect+json" : "application/connect+proto";
    const auto message = [&]() -> Result<std::string> {
        PREPAY_ASSIGN_OR_RETURN(const std::string body, open_envelope(request.body));
        return decode_request(method, codec, body);
    }();
    metrics.count_request("stream", 200);
    if (!message.ok()) {
        response.set_content(end_of_stream(message.status()), content_type);
        return;
    }
    std::shared_ptr<BridgeStream> stream =
        bridge.open(method.file()->package(), request.path, *message, call_headers(request));
    metrics.add_open_streams(1);
    const auto pump = [this, stream, &method, codec](std::size_t, httplib::DataSink& sink) {
        std::string reply;
        const BridgeStream::Event event = stream->next(kStreamWait, reply);
        if (event == BridgeStream::Event::kTimeout) {
            return !stopping && sink.is_writable();
        }
        std::string bytes;
        if (event == BridgeStream::Event::kEnd) {
            bytes = end_of_stream(stream->status());
            sink.write(bytes.data(), bytes.size());
            sink.done();
            return true;
        }
        const Result<std::string> encoded = encode_response(method, codec, reply);
        bytes = encoded.ok() ? envelope(0, *encoded) : end_of_stream(encoded.status());
        return !stopping && sink.write(bytes.data(), bytes.size());
    };
    response.set_header("Cache-Control", "no-store");
    response.set_chunked_content_provider(content_type, pump,
                                          [this](bool) { metrics.add_open_streams(-1); });
}

void HttpEdge::State::serve_method(const httplib::Request& request, httplib::Response& response) {
    const telemetry::TraceScope trace("");
    const auto* method = find_method(request.path);
    if (method == nullptr || !bridge.knows(method->file()->package())) {
        send_error(response, make_error(absl::StatusCode::kUnimplemented, "METHOD_UNKNOWN",
                                        "no method " + request.path));
        response.status = 404;
        return;
    }
    std::string type = request.get_header_value("content-type");
    type = type.substr(0, type.find(';'));
    const bool streams = method->server_streaming();
    const std::string prefix = streams ? "application/connect+" : "application/";
    if (type != prefix + "json" && type != prefix + "proto") {
        response.status = 415;
        response.set_header("Accept-Post", prefix + "json, " + prefix + "proto");
        return;
    }
    const Codec codec = type == prefix + "json" ? Codec::kJson : Codec::kProto;
    if (streams) {
        serve_stream(*method, codec, request, response);
    } else {
        serve_unary(*method, codec, request, response);
    }
}

void HttpEdge::State::serve_wechat_notice(const httplib::Request& request,
                                          httplib::Response& response) {
    const telemetry::TraceScope trace("");
    account::v1::HandleWechatNoticeRequest notice;
    notice.set_timestamp(request.get_header_value("Wechatpay-Timestamp"));
    notice.set_nonce(request.get_header_value("Wechatpay-Nonce"));
    notice.set_signature(request.get_header_value("Wechatpay-Signature"));
    notice.set_serial(request.get_header_value("Wechatpay-Serial"));
    notice.set_body(request.body);
    const auto refuse = [&](int code, const std::string& why) {
        response.status = code;
        response.set_content(nlohmann::json({{"code", "FAIL"}, {"message", why}}).dump(),
                             "application/json");
    };
    if (request.body.size() > kCallbackBytesMax) {
        refuse(413, "too large");
    } else {
        const auto handled = account.call(
            *callbacks, &account::v1::PaymentCallbackService::StubInterface::HandleWechatNotice,
            notice);
        if (handled.ok()) {
            response.status = 204;
        } else {
            telemetry::log_warning("payment notice refused",
                                   {{"error", telemetry::describe(handled.status())}});
            refuse(http_status(handled.status()), error_reason(handled.status()));
        }
    }
    metrics.count_request("callback", response.status);
}

void HttpEdge::State::serve_room_days_csv(const httplib::Request& request,
                                          httplib::Response& response) {
    const telemetry::TraceScope trace("");
    reporting::v1::ExportRoomDaysRequest query;
    query.set_site_id(request.get_param_value("site_id"));
    query.set_room_id(request.get_param_value("room_id"));
    query.set_start_date(request.get_param_value("start_date"));
    query.set_end_date(request.get_param_value("end_date"));
    const auto stream =
        bridge.open("prepay.reporting.v1", "/prepay.reporting.v1.ReportingService/ExportRoomDays",
                    query.SerializeAsString(), call_headers(request));
    std::string csv;
    std::string reply;
    auto event = stream->next(kStreamWait * 30, reply);
    while (event == BridgeStream::Event::kMessage) {
        reporting::v1::ExportRoomDaysResponse chunk;
        chunk.ParseFromString(reply);
        csv += chunk.data();
        event = stream->next(kStreamWait * 30, reply);
    }
    if (event == BridgeStream::Event::kTimeout) {
        send_error(response, make_error(absl::StatusCode::kDeadlineExceeded, "EXPORT_TIMEOUT",
                                        "the export took too long; choose a shorter span"));
    } else if (!stream->status().ok()) {
        send_error(response, stream->status());
    } else {
        response.set_header("Content-Disposition", "attachment; filename=\"room-days.csv\"");
        response.set_content(csv, "text/csv; charset=utf-8");
    }
    metrics.count_request("export", response.status > 0 ? response.status : 200);
}

// Web routes of the single-page console have no file: they get its index.html.
void HttpEdge::State::serve_file_or_app(const httplib::Request& request,
                                        httplib::Response& response) const {
    const bool looks_like_file = request.path.find('.') != std::string::npos;
    const std::string index =
        config.web_root + (request.path.rfind("/m/", 0) == 0 ? "/m/index.html" : "/index.html");
    std::ifstream file(index, std::ios::binary);
    if (looks_like_file || config.web_root.empty() || !file) {
        response.status = 404;
        response.set_content("not found\n", "text/plain");
        return;
    }
    std::ostringstream content;
    content << file.rdbuf();
    response.status = 200;
    response.set_content(content.str(), "text/html; charset=utf-8");
}

void HttpEdge::State::route() {
    server.new_task_queue = [count = config.web_thread_count] {
        return new httplib::ThreadPool(static_cast<std::size_t>(count));
    };
    server.set_payload_max_length(kBodyBytesMax);
    server.set_keep_alive_timeout(5);
    server.set_tcp_nodelay(true);
    if (!config.web_root.empty()) {
        server.set_mount_point("/", config.web_root);
    }
    server.set_file_extension_and_mimetype_mapping("woff2", "font/woff2");
    std::string policy = kContentPolicy;
    if (!config.provider_simulator_url.empty()) {
        policy += " " + config.provider_simulator_url;
    }
    server.set_default_headers({{"Content-Security-Policy", policy},
                                {"X-Content-Type-Options", "nosniff"},
                                {"Referrer-Policy", "no-referrer"},
                                {"X-Frame-Options", "DENY"}});
    server.Post(R"(/prepay\.[^/]+/[^/]+)",
                [this](const httplib::Request& request, httplib::Response& response) {
                    serve_method(request, response);
                });
    server.Post("/callbacks/wechat",
                [this](const httplib::Request& request, httplib::Response& response) {
                    serve_wechat_notice(request, response);
                });
    server.Get("/export/room-days.csv",
               [this](const httplib::Request& request, httplib::Response& response) {
                   serve_room_days_csv(request, response);
               });
    server.Get("/client-config.json", [this](const httplib::Request&, httplib::Response& response) {
        nlohmann::json document;
        document["provider_simulator_url"] = nullptr;
        if (!config.provider_simulator_url.empty()) {
            document["provider_simulator_url"] = config.provider_simulator_url;
        }
        response.set_content(document.dump(), "application/json");
    });
    server.Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
        serve_file_or_app(request, response);
    });
    server.set_post_routing_handler(
        [](const httplib::Request& request, httplib::Response& response) {
            const bool immutable = request.path.rfind("/assets/", 0) == 0 && response.status == 200;
            if (request.method == "GET" && !response.has_header("Cache-Control")) {
                response.set_header("Cache-Control",
                                    immutable ? "public, max-age=31536000, immutable" : "no-cache");
            }
        });
}

HttpEdge::HttpEdge(const ConsoleConfig& config, GrpcBridge& bridge, const rpc::Client& account,
                   const ConsoleMetrics& metrics)
    : state_(new State{config,
                       bridge,
                       account,
                       metrics,
                       account::v1::PaymentCallbackService::NewStub(account.channel()),
                       {},
                       {},
                       {}}) {
    state_->route();
}

HttpEdge::~HttpEdge() { stop(); }

Status HttpEdge::start() {
    const std::string& listen = state_->config.web_listen;
    const auto colon = listen.rfind(':');
    if (!state_->server.bind_to_port(listen.substr(0, colon).c_str(),
                                     std::stoi(listen.substr(colon + 1)))) {
        return unavailable("ADDRESS_IN_USE", "cannot listen on " + listen +
                                                 " for the web pages; is another instance "
                                                 "running? Change web.listen.");
    }
    state_->thread = std::thread([this] { state_->server.listen_after_bind(); });
    return absl::OkStatus();
}

void HttpEdge::stop() {
    state_->stopping = true;
    state_->server.stop();
    if (state_->thread.joinable()) {
        state_->thread.join();
    }
}

}  // namespace prepay::console

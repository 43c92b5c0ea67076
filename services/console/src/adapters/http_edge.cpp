#include "adapters/http_edge.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "adapters/connect_routes.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "prepay/reporting/v1/reporting.pb.h"
#include "telemetry/log.h"

namespace prepay::console {
namespace {

constexpr std::size_t kCallbackBytesMax = 64 << 10;
constexpr std::chrono::milliseconds kExportStep{1000};
constexpr int kExportStepsMax = 30;
constexpr const char* kCsvPath = "/export/room-days.csv";
constexpr const char* kCsvMethod = "/prepay.reporting.v1.ReportingService/ExportRoomDays";
constexpr const char* kContentPolicy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'";

bool is_printable(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

bool takes_posts(const std::string& path) {
    return path.rfind("/prepay.", 0) == 0 || path == "/callbacks/wechat";
}

HttpLimits limits_of(const ConsoleConfig& config) {
    HttpLimits limits;
    limits.connection_max = config.connection_max;
    limits.receive_time = config.receive_time;
    return limits;
}

// The provider's shape of a refusal; it sends the notice again.
void refuse_notice(httplib::Response& response, const Status& status) {
    telemetry::log_warning("payment notice refused", {{"error", telemetry::describe(status)}});
    response.status = http_status(status);
    response.set_content(
        nlohmann::json({{"code", "FAIL"}, {"message", error_reason(status)}}).dump(),
        "application/json");
}

}  // namespace

struct HttpEdge::State {
    State(const ConsoleConfig& edge_config, GrpcBridge& edge_bridge,
          rpc::AccessControl& edge_access, const rpc::Client& account_client,
          const ConsoleMetrics& edge_metrics)
        : config(edge_config),
          limits(limits_of(edge_config)),
          bridge(edge_bridge),
          access(edge_access),
          account(account_client),
          metrics(edge_metrics),
          callbacks(account::v1::PaymentCallbackService::NewStub(account_client.channel())),
          server(limits, metrics),
          streams(config.stream_max, metrics),
          connect(server, bridge, access, streams, metrics) {}

    const ConsoleConfig& config;
    const HttpLimits limits;
    GrpcBridge& bridge;
    rpc::AccessControl& access;
    const rpc::Client& account;
    const ConsoleMetrics& metrics;
    std::unique_ptr<account::v1::PaymentCallbackService::StubInterface> callbacks;
    HttpServer server;
    OpenStreams streams;
    ConnectRoutes connect;
    std::thread thread;

    Status check(const httplib::Request& request, httplib::Response& response) const;
    Status serve_wechat_notice(const httplib::Request& request,
                               const httplib::ContentReader& reader);
    Status serve_room_days_csv(const httplib::Request& request, httplib::Response& response);
    void serve_file_or_app(const httplib::Request& request, httplib::Response& response) const;
    void serve_client_config(httplib::Response& response) const;
    void set_headers();
    void set_handlers();
    void route();
};

Status HttpEdge::State::check(const httplib::Request& request, httplib::Response& response) const {
    Status status = HttpServer::check(request);
    if (status.ok() && takes_posts(request.path) != (request.method == "POST")) {
        status = make_error(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED",
                            "use GET for pages and POST for calls");
    }
    if (error_reason(status) == "METHOD_NOT_ALLOWED") {
        response.set_header("Allow", takes_posts(request.path) ? "POST" : "GET, HEAD");
    }
    return status;
}

Status HttpEdge::State::serve_wechat_notice(const httplib::Request& request,
                                            const httplib::ContentReader& reader) {
    if (request.is_multipart_form_data()) {
        return make_error(absl::StatusCode::kUnimplemented, "CONTENT_TYPE",
                          "a notice is application/json");
    }
    account::v1::HandleWechatNoticeRequest notice;
    notice.set_timestamp(request.get_header_value("Wechatpay-Timestamp"));
    notice.set_nonce(request.get_header_value("Wechatpay-Nonce"));
    notice.set_signature(request.get_header_value("Wechatpay-Signature"));
    notice.set_serial(request.get_header_value("Wechatpay-Serial"));
    for (const std::string* value :
         {&notice.timestamp(), &notice.nonce(), &notice.signature(), &notice.serial()}) {
        if (!is_printable(*value)) {
            return invalid_argument("BAD_HEADER", "a Wechatpay header is not printable ASCII");
        }
    }
    PREPAY_ASSIGN_OR_RETURN(*notice.mutable_body(),
                            server.read_body(request, reader, kCallbackBytesMax));
    return account
        .call(*callbacks, &account::v1::PaymentCallbackService::StubInterface::HandleWechatNotice,
              notice)
        .status();
}

Status HttpEdge::State::serve_room_days_csv(const httplib::Request& request,
                                            httplib::Response& response) {
    const auto* method = find_method(kCsvMethod);
    PREPAY_ASSIGN_OR_RETURN(const CallHeaders headers, call_headers(request));
    PREPAY_RETURN_IF_ERROR(access.authorize(*method, headers.authorization).status());
    for (const auto& [name, value] : request.params) {
        if (!is_printable(value)) {
            return invalid_argument("BAD_REQUEST", "a parameter is not printable ASCII");
        }
    }
    reporting::v1::ExportRoomDaysRequest query;
    query.set_site_id(request.get_param_value("site_id"));
    query.set_room_id(request.get_param_value("room_id"));
    query.set_start_date(request.get_param_value("start_date"));
    query.set_end_date(request.get_param_value("end_date"));
    const std::shared_ptr<void> place = streams.take();
    if (!place) {
        return too_many_streams();
    }
    PREPAY_ASSIGN_OR_RETURN(std::unique_ptr<BridgeStream> opened,
                            bridge.open(*method, query.SerializeAsString(), headers));
    const std::shared_ptr<BridgeStream> stream = std::move(opened);
    // The first answer decides between an error page and a file; after that, an error can only cut
    // the file off, which the client notices because the last chunk is missing.
    std::string first;
    const auto event = stream->next(kExportStep * kExportStepsMax, first);
    if (event == BridgeStream::Event::kTimeout) {
        return make_error(absl::StatusCode::kDeadlineExceeded, "EXPORT_TIMEOUT",
                          "the export took too long; choose a shorter span");
    }
    if (event == BridgeStream::Event::kEnd) {
        PREPAY_RETURN_IF_ERROR(stream->status());
    }
    const auto pump = [this, place, stream, reply = first, waiting = 0, next = event](
                          std::size_t, httplib::DataSink& sink) mutable {
        if (next == BridgeStream::Event::kEnd) {
            if (stream->status().ok()) {
                sink.done();
            }
            return stream->status().ok();
        }
        if (next == BridgeStream::Event::kMessage) {
            waiting = 0;
            reporting::v1::ExportRoomDaysResponse chunk;
            if (!chunk.ParseFromString(reply) ||
                (!chunk.data().empty() && !sink.write(chunk.data().data(), chunk.data().size()))) {
                return false;
            }
        } else if (++waiting > kExportStepsMax) {
            return false;
        }
        next = stream->next(kExportStep, reply);
        return !streams.are_ending() && sink.is_writable();
    };
    response.status = 200;
    response.set_header("Content-Disposition", "attachment; filename=\"room-days.csv\"");
    response.set_chunked_content_provider("text/csv; charset=utf-8", pump);
    return absl::OkStatus();
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

void HttpEdge::State::serve_client_config(httplib::Response& response) const {
    nlohmann::json document;
    document["provider_simulator_url"] = nullptr;
    if (!config.provider_simulator_url.empty()) {
        document["provider_simulator_url"] = config.provider_simulator_url;
    }
    response.set_content(document.dump(), "application/json");
}

void HttpEdge::State::set_headers() {
    std::string policy = kContentPolicy;
    if (!config.provider_simulator_url.empty()) {
        policy += " " + config.provider_simulator_url;
    }
    server.set_default_headers({{"Content-Security-Policy", policy},
                                {"X-Content-Type-Options", "nosniff"},
                                {"Referrer-Policy", "no-referrer"},
                                {"X-Frame-Options", "DENY"}});
    server.set_post_routing_handler(
        [](const httplib::Request& request, httplib::Response& response) {
            HttpServer::finish_headers(response);
            const bool immutable = request.path.rfind("/assets/", 0) == 0 && response.status == 200;
            if (request.method == "GET" && !response.has_header("Cache-Control")) {
                response.set_header("Cache-Control",
                                    immutable ? "public, max-age=31536000, immutable" : "no-cache");
            }
        });
}

void HttpEdge::State::set_handlers() {
    server.set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
            const Status status = check(request, response);
            if (status.ok()) {
                return httplib::Server::HandlerResponse::Unhandled;
            }
            if (request.path == "/callbacks/wechat") {
                refuse_notice(response, status);
            } else {
                send_error(response, status);
            }
            return httplib::Server::HandlerResponse::Handled;
        });
    server.set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, const std::exception_ptr& error) {
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& caught) {
                telemetry::log_error("request failed", {{"error", caught.what()}});
            }
            send_error(response, internal_error("INTERNAL", "the request failed; see the log"));
        });
}

void HttpEdge::State::route() {
    if (!config.web_root.empty()) {
        server.set_mount_point("/", config.web_root);
    }
    server.set_file_extension_and_mimetype_mapping("woff2", "font/woff2");
    set_headers();
    set_handlers();
    server.Post("/callbacks/wechat",
                [this](const httplib::Request& request, httplib::Response& response,
                       const httplib::ContentReader& reader) {
                    const telemetry::TraceScope trace("");
                    response.status = 204;
                    if (const Status status = serve_wechat_notice(request, reader); !status.ok()) {
                        refuse_notice(response, status);
                    }
                    metrics.count_request("callback", response.status);
                });
    server.Post(".*", [this](const httplib::Request& request, httplib::Response& response,
                             const httplib::ContentReader& reader) {
        connect.serve(request, response, reader);
    });
    server.Get(kCsvPath, [this](const httplib::Request& request, httplib::Response& response) {
        const telemetry::TraceScope trace("");
        if (const Status status = serve_room_days_csv(request, response); !status.ok()) {
            send_error(response, status);
        }
        metrics.count_request("export", response.status);
    });
    server.Get("/client-config.json", [this](const httplib::Request&, httplib::Response& response) {
        serve_client_config(response);
    });
    server.Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
        serve_file_or_app(request, response);
    });
}

HttpEdge::HttpEdge(const ConsoleConfig& config, GrpcBridge& bridge, rpc::AccessControl& access,
                   const rpc::Client& account, const ConsoleMetrics& metrics)
    : state_(std::make_unique<State>(config, bridge, access, account, metrics)) {
    state_->route();
}

HttpEdge::~HttpEdge() { stop(); }

Result<int> HttpEdge::start() {
    const std::string& listen = state_->config.web_listen;
    const auto colon = listen.rfind(':');
    PREPAY_ASSIGN_OR_RETURN(
        const int port,
        state_->server.listen_on(listen.substr(0, colon), std::stoi(listen.substr(colon + 1))));
    state_->thread = std::thread([this] { state_->server.listen_after_bind(); });
    while (!state_->server.is_running()) {  // httplib forgets a stop() that comes before.
        std::this_thread::yield();
    }
    return port;
}

void HttpEdge::stop() {
    state_->streams.end_all();
    state_->server.shut_down();
    if (state_->thread.joinable()) {
        state_->thread.join();
    }
}

}  // namespace prepay::console

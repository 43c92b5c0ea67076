#include "adapters/http_edge.h"

#include <nlohmann/json.hpp>

#include "adapters/asio_http_server.h"
#include "adapters/connect_routes.h"
#include "adapters/provider_callbacks.h"
#include "adapters/web_files.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "prepay/reporting/v1/reporting.pb.h"
#include "telemetry/log.h"

namespace prepay::console {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kCallbackBytesMax = 64 << 10;
constexpr std::chrono::milliseconds kExportStep{1000};
constexpr std::chrono::minutes kNoticeWait{2};  ///< Longer than the call's own deadline.
constexpr int kExportStepsMax = 30;
constexpr const char* kCsvPath = "/export/room-days.csv";
constexpr const char* kCsvMethod = "/prepay.reporting.v1.ReportingService/ExportRoomDays";
constexpr const char* kContentPolicy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'";

bool takes_posts(const std::string& path) {
    return path.rfind("/prepay.", 0) == 0 || callback_at(path) != nullptr;
}

bool is_identity(const std::string& encoding) { return encoding.empty() || encoding == "identity"; }

HttpLimits limits_of(const ConsoleConfig& config) {
    HttpLimits limits;
    limits.receive_time = config.receive_time;
    return limits;
}

HttpHeaders headers_of(const ConsoleConfig& config) {
    std::string policy = kContentPolicy;
    if (!config.provider_simulator_url.empty()) {
        policy += " " + config.provider_simulator_url;
    }
    return {{"Content-Security-Policy", policy},
            {"X-Content-Type-Options", "nosniff"},
            {"Referrer-Policy", "no-referrer"},
            {"X-Frame-Options", "DENY"}};
}

// Whether a request may be routed at all.
Status check(const HttpRequest& request) {
    const bool page = request.method == "GET" || request.method == "HEAD";
    if ((!page && request.method != "POST") || takes_posts(request.path) == page) {
        return make_error(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED",
                          "use GET for pages and POST for calls");
    }
    if (!is_identity(request.header("content-encoding")) ||
        !is_identity(request.header("connect-content-encoding"))) {
        return make_error(absl::StatusCode::kUnimplemented, "CONTENT_ENCODING",
                          "send the body as it is, without content-encoding");
    }
    return absl::OkStatus();
}

HttpAnswer refuse_notice(const ProviderCallback& callback, const Status& status) {
    telemetry::log_warning("payment notice refused", {{"error", telemetry::describe(status)}});
    return callback.refused(status);
}

// One call of account for a notice, and what it said.
struct NoticeCall {
    grpc::ClientContext context;
    account::v1::HandleWechatNoticeRequest request;
    account::v1::HandleWechatNoticeResponse response;
    Status status;
};

// The entity tags of If-None-Match; a weak one is as good as a strong one (RFC 9110 13.1.2).
bool names_tag(const std::string& list, const std::string& tag) {
    return list == "*" || list.find(tag) != std::string::npos;
}

}  // namespace

struct HttpEdge::State {
    State(const ConsoleConfig& edge_config, ClientAddresses addresses, GrpcBridge& edge_bridge,
          rpc::AccessControl& edge_access, const rpc::Client& account_client,
          const ConsoleMetrics& edge_metrics);

    asio::awaitable<void> serve(HttpConnection& connection);
    asio::awaitable<void> serve_notice(HttpConnection& connection,
                                       const ProviderCallback& callback);
    asio::awaitable<Status> hand_on_notice(HttpConnection& connection,
                                           const ProviderCallback& callback);
    asio::awaitable<void> serve_room_days_csv(HttpConnection& connection);
    asio::awaitable<Status> send_room_days_csv(HttpConnection& connection);
    asio::awaitable<void> pump_csv(HttpConnection& connection, BridgeStream& stream,
                                   Arrival& arrival, std::string reply);
    Result<std::string> csv_query(const HttpRequest& request) const;
    HttpAnswer page_of(const HttpRequest& request);
    [[nodiscard]] HttpAnswer client_config() const;

    const ConsoleConfig& config;
    GrpcBridge& bridge;
    rpc::AccessControl& access;
    const rpc::Client& account;
    const ConsoleMetrics& metrics;
    std::unique_ptr<account::v1::PaymentCallbackService::StubInterface> callbacks;
    WebFiles files;
    Places streams;
    ConnectRoutes connect;
    HttpShared shared;
    HttpServer server;
};

HttpEdge::State::State(const ConsoleConfig& edge_config, ClientAddresses addresses,
                       GrpcBridge& edge_bridge, rpc::AccessControl& edge_access,
                       const rpc::Client& account_client, const ConsoleMetrics& edge_metrics)
    : config(edge_config),
      bridge(edge_bridge),
      access(edge_access),
      account(account_client),
      metrics(edge_metrics),
      callbacks(account::v1::PaymentCallbackService::NewStub(account_client.channel())),
      files(config.web_root),
      streams({config.stream_max, config.stream_max_per_client, "streams", "streams_per_client"},
              metrics, &ConsoleMetrics::add_open_streams),
      connect(bridge, access, streams, metrics),
      shared(limits_of(config), std::move(addresses),
             {config.connection_max, config.connection_max_per_client, "requests",
              "connections_per_client"},
             metrics),
      server(shared, {config.connection_max, config.connection_max_per_client, "connections",
                      "connections_per_client"}) {
    shared.every_answer = headers_of(config);
    shared.handle = [this](HttpConnection& connection) { return serve(connection); };
}

asio::awaitable<Status> HttpEdge::State::hand_on_notice(HttpConnection& connection,
                                                        const ProviderCallback& callback) {
    const HttpRequest& request = connection.request();
    if (request.header("content-type").rfind("multipart/", 0) == 0) {
        co_return make_error(absl::StatusCode::kUnimplemented, "CONTENT_TYPE",
                             "a notice is application/json");
    }
    const auto call = std::make_shared<NoticeCall>();
    account::v1::HandleWechatNoticeRequest& notice = call->request;
    const Status headers = take_headers(callback, request, notice);
    if (!headers.ok()) {
        co_return headers;
    }
    Result<std::string> body = co_await connection.read_body(kCallbackBytesMax);
    if (!body.ok()) {
        co_return body.status();
    }
    notice.set_body(*std::move(body));
    {
        const telemetry::TraceScope trace("");
        account.prepare(call->context);
    }
    const auto arrival = std::make_shared<Arrival>(connection.executor());
    callbacks->async()->HandleWechatNotice(&call->context, &call->request, &call->response,
                                           [call, arrival](const grpc::Status& status) {
                                               call->status = rpc::from_grpc(status);
                                               arrival->notify();
                                           });
    while (!co_await arrival->wait(kNoticeWait)) {
    }
    co_return call->status;
}

asio::awaitable<void> HttpEdge::State::serve_notice(HttpConnection& connection,
                                                    const ProviderCallback& callback) {
    const Status status = co_await hand_on_notice(connection, callback);
    HttpAnswer answer = status.ok() ? callback.accepted() : refuse_notice(callback, status);
    metrics.count_request("callback", answer.status);
    co_await connection.answer(std::move(answer));
}

Result<std::string> HttpEdge::State::csv_query(const HttpRequest& request) const {
    for (const auto& [name, value] : request.params) {
        if (!is_printable(value)) {
            return invalid_argument("BAD_REQUEST", "a parameter is not printable ASCII");
        }
    }
    const auto param = [&request](const char* name) {
        const auto found = request.params.find(name);
        return found == request.params.end() ? std::string() : found->second;
    };
    reporting::v1::ExportRoomDaysRequest query;
    query.set_site_id(param("site_id"));
    query.set_room_id(param("room_id"));
    query.set_start_date(param("start_date"));
    query.set_end_date(param("end_date"));
    return query.SerializeAsString();
}

asio::awaitable<Status> HttpEdge::State::send_room_days_csv(HttpConnection& connection) {
    const auto* method = find_method(kCsvMethod);
    const Result<CallHeaders> headers = call_headers(connection);
    if (!headers.ok()) {
        co_return headers.status();
    }
    const Status permitted = access.authorize(*method, headers->authorization).status();
    if (!permitted.ok()) {
        co_return permitted;
    }
    const Result<std::string> query = csv_query(connection.request());
    if (!query.ok()) {
        co_return query.status();
    }
    const std::shared_ptr<void> place = streams.take(connection.client());
    if (!place) {
        co_return too_many_streams();
    }
    const auto arrival = std::make_shared<Arrival>(connection.executor());
    const Result<std::shared_ptr<BridgeStream>> opened =
        bridge.open(*method, *query, *headers, [arrival] { arrival->notify(); });
    if (!opened.ok()) {
        co_return opened.status();
    }
    // The first answer decides between an error page and a file; after that, an error can only cut
    // the file off, which the client notices because the last chunk is missing.
    std::string first;
    BridgeStream::Event event = (*opened)->take(first);
    for (int step = 0; event == BridgeStream::Event::kNothing && step < kExportStepsMax; ++step) {
        co_await arrival->wait(kExportStep);
        event = (*opened)->take(first);
    }
    if (event == BridgeStream::Event::kNothing) {
        co_return make_error(absl::StatusCode::kDeadlineExceeded, "EXPORT_TIMEOUT",
                             "the export took too long; choose a shorter span");
    }
    const Status ended = event == BridgeStream::Event::kEnd ? (*opened)->status() : Status();
    if (!ended.ok()) {
        co_return ended;
    }
    metrics.count_request("export", 200);
    co_await pump_csv(connection, **opened, *arrival, std::move(first));
    co_return absl::OkStatus();
}

asio::awaitable<void> HttpEdge::State::pump_csv(HttpConnection& connection, BridgeStream& stream,
                                                Arrival& arrival, std::string reply) {
    HttpAnswer head;
    head.headers = {{"Content-Type", "text/csv; charset=utf-8"},
                    {"Content-Disposition", "attachment; filename=\"room-days.csv\""},
                    {"Cache-Control", "no-store"}};
    if (connection.request().method == "HEAD") {
        co_return co_await connection.answer(std::move(head));
    }
    bool there = co_await connection.begin_stream(std::move(head));
    BridgeStream::Event event = BridgeStream::Event::kMessage;  // `reply`, empty if there is none.
    for (int waited = 0; there && !connection.is_stopping() && waited < kExportStepsMax;) {
        if (event == BridgeStream::Event::kEnd) {
            if (stream.status().ok()) {
                co_await connection.end_stream();
            }
            co_return;
        }
        if (event == BridgeStream::Event::kMessage) {
            waited = 0;
            reporting::v1::ExportRoomDaysResponse part;
            if (!part.ParseFromString(reply)) {
                co_return;
            }
            there = co_await connection.write_piece(part.data());
        } else {
            const bool woken = co_await arrival.wait(kExportStep);
            waited += woken ? 0 : 1;
            there = woken || !connection.is_client_gone();
        }
        event = stream.take(reply);
    }
}

asio::awaitable<void> HttpEdge::State::serve_room_days_csv(HttpConnection& connection) {
    const Status status = co_await send_room_days_csv(connection);
    if (!status.ok()) {
        HttpAnswer answer = error_answer(status);
        metrics.count_request("export", answer.status);
        co_await connection.answer(std::move(answer));
    }
}

// Web routes of the single-page console have no file: they get its index.html. What is asked for
// among the assets, or with a dot, is a file or nothing.
HttpAnswer HttpEdge::State::page_of(const HttpRequest& request) {
    const bool asset = request.path.rfind("/assets/", 0) == 0;
    std::optional<WebFile> file = files.find(request.path);
    const bool own = file.has_value();
    if (!own && !asset && request.path.find('.') == std::string::npos) {
        file = files.find(request.path.rfind("/m/", 0) == 0 ? "/m/" : "/");
    }
    HttpAnswer answer;
    if (!file) {
        answer.status = 404;
        answer.headers = {{"Content-Type", "text/plain"}, {"Cache-Control", "no-cache"}};
        answer.body = "not found\n";
        return answer;
    }
    answer.headers = {
        {"Content-Type", file->type},
        {"ETag", file->etag},
        {"Cache-Control", asset ? "public, max-age=31536000, immutable" : "no-cache"}};
    if (names_tag(request.header("if-none-match"), file->etag)) {
        answer.status = 304;
    } else {
        answer.file = file->content;
    }
    return answer;
}

HttpAnswer HttpEdge::State::client_config() const {
    nlohmann::json document;
    document["provider_simulator_url"] = nullptr;
    if (!config.provider_simulator_url.empty()) {
        document["provider_simulator_url"] = config.provider_simulator_url;
    }
    HttpAnswer answer;
    answer.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache"}};
    answer.body = document.dump();
    return answer;
}

asio::awaitable<void> HttpEdge::State::serve(HttpConnection& connection) {
    const HttpRequest& request = connection.request();
    const ProviderCallback* const callback = callback_at(request.path);
    const Status status = check(request);
    if (!status.ok()) {
        HttpAnswer answer =
            callback != nullptr ? refuse_notice(*callback, status) : error_answer(status);
        if (error_reason(status) == "METHOD_NOT_ALLOWED") {
            answer.headers.emplace_back("Allow", takes_posts(request.path) ? "POST" : "GET, HEAD");
        }
        co_await connection.answer(std::move(answer));
    } else if (callback != nullptr) {
        co_await serve_notice(connection, *callback);
    } else if (request.method == "POST") {
        co_await connect.serve(connection);
    } else if (request.path == kCsvPath) {
        co_await serve_room_days_csv(connection);
    } else {
        HttpAnswer answer =
            request.path == "/client-config.json" ? client_config() : page_of(request);
        co_await connection.answer(std::move(answer));
    }
}

HttpEdge::HttpEdge(const ConsoleConfig& config, GrpcBridge& bridge, rpc::AccessControl& access,
                   const rpc::Client& account, const ConsoleMetrics& metrics) {
    Result<ClientAddresses> addresses =
        ClientAddresses::parse(config.trusted_proxies, config.forwarded_header);
    state_ =
        std::make_unique<State>(config, addresses.ok() ? *std::move(addresses) : ClientAddresses(),
                                bridge, access, account, metrics);
}

HttpEdge::~HttpEdge() { stop(); }

Result<int> HttpEdge::start() {
    const std::string& listen = state_->config.web_listen;
    const auto colon = listen.rfind(':');
    return state_->server.start(listen.substr(0, colon), std::stoi(listen.substr(colon + 1)));
}

void HttpEdge::stop() { state_->server.stop(); }

}  // namespace prepay::console

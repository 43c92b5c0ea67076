#include "adapters/http_server.h"

#include <sys/resource.h>

#include <algorithm>
#include <string_view>

#include "adapters/connection_threads.h"
#include "telemetry/log.h"

namespace prepay::console {
namespace {

constexpr int kRequestsPerConnection = 1000;
constexpr rlim_t kOtherFiles = 256;  ///< Database, peers, logs, web files.
constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    "Content-Length: 0\r\n\r\n";

// The connection that this thread serves.
thread_local HttpConnection* current = nullptr;

Status bad_framing(const std::string& why) {
    return invalid_argument("BAD_FRAMING", "the request cannot be read: " + why);
}

bool is_decimal(const std::string& text) {
    return !text.empty() && text.size() <= 12 &&
           text.find_first_not_of("0123456789") == std::string::npos;
}

bool is_identity(const std::string& encoding) { return encoding.empty() || encoding == "identity"; }

// Makes room for a descriptor a connection: the usual soft limit is 1,024.
bool raise_file_limit(rlim_t wanted) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return false;
    }
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = std::min(wanted, limit.rlim_max);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= wanted;
}

}  // namespace

HttpServer::HttpServer(const HttpLimits& limits, const ConsoleMetrics& metrics)
    : limits_(limits), metrics_(metrics) {
    new_task_queue = [this] {
        return new ConnectionThreads(static_cast<std::size_t>(limits_.connection_max));
    };
    set_tcp_nodelay(true);
    // httplib sets SO_REUSEPORT, with which a second console would quietly share the port.
    set_socket_options([](socket_t socket) {
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
}

Result<int> HttpServer::listen_on(const std::string& host, int port) {
    if (!raise_file_limit(static_cast<rlim_t>(limits_.connection_max) + kOtherFiles)) {
        return unavailable("TOO_FEW_FILES",
                           "the system allows too few open files for web.connection_max; raise "
                           "the limit (ulimit -n) or lower it");
    }
    const int bound = port == 0 ? bind_to_any_port(host) : bind_to_port(host, port) ? port : -1;
    if (bound < 0) {
        return unavailable("ADDRESS_IN_USE", "cannot listen on " + host + ":" +
                                                 std::to_string(port) +
                                                 " for the web pages; is another instance "
                                                 "running? Change web.listen.");
    }
    ::listen(svr_sock_, limits_.connection_max);  // httplib's own backlog is 5.
    return bound;
}

void HttpServer::shut_down() {
    stopping_ = true;
    stop();
}

Status HttpServer::check(const httplib::Request& request) {
    const std::size_t lengths = request.get_header_value_count("content-length");
    const std::size_t codings = request.get_header_value_count("transfer-encoding");
    const bool has_body =
        codings > 0 || (lengths > 0 && request.get_header_value("content-length") != "0");
    if (lengths + codings > 1 ||
        (lengths == 1 && !is_decimal(request.get_header_value("content-length")))) {
        return bad_framing("one content-length or one transfer-encoding");
    }
    if (codings == 1 && request.get_header_value("transfer-encoding") != "chunked") {
        return bad_framing("the only transfer-encoding is chunked");
    }
    if (request.method != "GET" && request.method != "HEAD" && request.method != "POST") {
        return make_error(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED",
                          "use GET for pages and POST for calls");
    }
    if (request.method != "POST" && has_body) {
        return bad_framing("a " + request.method + " has no body");
    }
    if (!is_identity(request.get_header_value("content-encoding")) ||
        !is_identity(request.get_header_value("connect-content-encoding"))) {
        return make_error(absl::StatusCode::kUnimplemented, "CONTENT_ENCODING",
                          "send the body as it is, without content-encoding");
    }
    const bool clean = std::all_of(request.path.begin(), request.path.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '\\';
    });
    return clean ? absl::OkStatus()
                 : invalid_argument("BAD_PATH", "the path has control characters");
}

Result<std::string> HttpServer::read_body(const httplib::Request& request,
                                          const httplib::ContentReader& reader,
                                          std::size_t bytes_max) {
    const Status too_large =
        make_error(absl::StatusCode::kResourceExhausted, "BODY_TOO_LARGE",
                   "the request is larger than " + std::to_string(bytes_max) + " bytes");
    HttpConnection& connection = *current;
    if (!connection.has_body) {
        return std::string();
    }
    if (request.has_header("content-length") &&
        request.get_header_value<std::uint64_t>("content-length") > bytes_max) {
        return too_large;
    }
    std::string body;
    Status refused;
    const bool complete = reader([&](const char* data, std::size_t size) {
        if (body.size() + size > bytes_max) {
            refused = too_large;
            return false;
        }
        connection.body_bytes += size;
        if ((body_bytes_ += size) > limits_.body_bytes_max) {
            refused = make_error(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                                 "too many large requests at once; try again in a moment");
            return false;
        }
        body.append(data, size);
        connection.renew_allowance();
        return true;
    });
    if (complete) {
        connection.body_taken = true;
        return body;
    }
    if (!refused.ok()) {
        return refused;
    }
    return connection.is_late() ? make_error(absl::StatusCode::kDeadlineExceeded, "BODY_TOO_SLOW",
                                             "the request did not arrive in time")
                                : bad_framing("it ends too early");
}

void HttpServer::finish_headers(httplib::Response& response) {
    if (current->is_out_of_step()) {
        response.headers.erase("Keep-Alive");
        response.headers.erase("Connection");
        response.set_header("Connection", "close");
    }
}

bool HttpServer::process_and_close_socket(socket_t socket) {
    if (ConnectionThreads::is_to_be_refused()) {
        metrics_.count_refusal("connections");
        ::send(socket, kBusy.data(), kBusy.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        ::close(socket);
        return false;
    }
    metrics_.add_open_connections(1);
    {
        HttpConnection connection(socket, limits_, stopping_);
        current = &connection;
        serve(connection);
        current = nullptr;
    }
    metrics_.add_open_connections(-1);
    return true;
}

void HttpServer::serve(HttpConnection& connection) {
    const auto begin_body = [&connection](httplib::Request& request) {
        connection.renew_allowance();
        connection.has_body = request.has_header("transfer-encoding") ||
                              (request.has_header("content-length") &&
                               request.get_header_value("content-length") != "0");
        // A range saves nothing here, and a thousand of them make a thousand copies.
        request.headers.erase("Range");
        request.ranges.clear();
    };
    for (int count = 1; connection.await_request(); ++count) {
        bool ends = false;
        bool answered = false;
        try {
            answered =
                process_request(connection, count == kRequestsPerConnection, ends, begin_body);
        } catch (const std::exception& error) {
            telemetry::log_error("request failed", {{"error", error.what()}});
        }
        body_bytes_ -= connection.body_bytes;
        connection.body_bytes = 0;
        if (connection.is_late()) {
            metrics_.count_refusal("slow");
        }
        if (!answered || ends || count == kRequestsPerConnection || connection.is_out_of_step()) {
            return;
        }
    }
}

}  // namespace prepay::console

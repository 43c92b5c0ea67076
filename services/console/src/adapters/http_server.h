#pragma once

#include <atomic>
#include <string>

#include "adapters/http_connection.h"
#include "core/status.h"
#include "metrics.h"

namespace prepay::console {

/// httplib's server with bounds: connections, time for a request, bytes of a body. No client,
/// logged in or not, holds more than its share.
class HttpServer final : public httplib::Server {
public:
    HttpServer(const HttpLimits& limits, const ConsoleMetrics& metrics);

    /// Listens on a port, 0 for any; the port, or reason ADDRESS_IN_USE, TOO_FEW_FILES.
    Result<int> listen_on(const std::string& host, int port);
    /// Refuses new connections, ends idle ones and those still sending their request, and lets
    /// listen_after_bind() return when the others are through.
    void shut_down();

    /// Whether a request may be routed at all: method, path and framing. INVALID_ARGUMENT BAD_PATH
    /// or BAD_FRAMING, UNIMPLEMENTED METHOD_NOT_ALLOWED or CONTENT_ENCODING.
    static Status check(const httplib::Request& request);
    /// The body of the request in hand. RESOURCE_EXHAUSTED BODY_TOO_LARGE at the first byte beyond
    /// `bytes_max`, or OVERLOADED; DEADLINE_EXCEEDED BODY_TOO_SLOW; INVALID_ARGUMENT BAD_FRAMING.
    Result<std::string> read_body(const httplib::Request& request,
                                  const httplib::ContentReader& reader, std::size_t bytes_max);
    /// For the post-routing handler: says that the connection ends where it has to.
    static void finish_headers(httplib::Response& response);

private:
    bool process_and_close_socket(socket_t socket) override;
    void serve(HttpConnection& connection);

    const HttpLimits& limits_;
    const ConsoleMetrics& metrics_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> body_bytes_{0};
};

}  // namespace prepay::console

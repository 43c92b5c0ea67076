#pragma once

#include <memory>
#include <string>

#include "adapters/asio_http_connection.h"
#include "core/status.h"

namespace prepay::console {

/// Accepts connections on an event loop of two threads and bounds them, in all and by client.
class HttpServer {
public:
    HttpServer(HttpShared& shared, const Places::Limits& connection_limits);
    ~HttpServer();

    /// Listens on a port, 0 for any; the port, or reason ADDRESS_IN_USE, TOO_FEW_FILES.
    Result<int> start(const std::string& host, int port);
    /// Refuses new connections, ends idle ones and those still sending their request, and waits for
    /// the others.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::console

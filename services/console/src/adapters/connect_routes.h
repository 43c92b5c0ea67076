#pragma once

#include <memory>
#include <string>

#include "adapters/asio_arrival.h"
#include "adapters/asio_http_connection.h"
#include "adapters/connect_protocol.h"
#include "adapters/grpc_bridge.h"
#include "metrics.h"
#include "rpc/access.h"

namespace prepay::console {

/// Headers of a request for the service behind it, with a new trace id. INVALID_ARGUMENT /
/// BAD_TIMEOUT.
Result<CallHeaders> call_headers(const HttpConnection& connection);
/// A Connect error in JSON with its HTTP status.
HttpAnswer error_answer(const Status& status);
/// The error of a client for whom there is no place.
Status too_many_streams();

/// The Connect protocol for every method that services offer, found by descriptor. A caller without
/// the permission is refused here already, before the edge reads much of the request; the service
/// checks again.
class ConnectRoutes {
public:
    ConnectRoutes(GrpcBridge& bridge, rpc::AccessControl& access, Places& streams,
                  const ConsoleMetrics& metrics)
        : bridge_(bridge), access_(access), streams_(streams), metrics_(metrics) {}

    /// POST /package.Service/Method.
    boost::asio::awaitable<void> serve(HttpConnection& connection);

private:
    struct Call;
    Result<Call> recognize(const HttpConnection& connection) const;
    boost::asio::awaitable<void> refuse(HttpConnection& connection, Status status);
    boost::asio::awaitable<void> serve_unary(HttpConnection& connection, Call& call);
    boost::asio::awaitable<void> serve_stream(HttpConnection& connection, Call& call);
    boost::asio::awaitable<void> pump(HttpConnection& connection, const Call& call);
    Status open(Call& call, const std::shared_ptr<Arrival>& arrival);

    GrpcBridge& bridge_;
    rpc::AccessControl& access_;
    Places& streams_;
    const ConsoleMetrics& metrics_;
};

}  // namespace prepay::console

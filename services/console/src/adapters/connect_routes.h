#pragma once

#include <memory>
#include <string>

#include "adapters/connect_protocol.h"
#include "adapters/grpc_bridge.h"
#include "adapters/http_server.h"
#include "adapters/open_streams.h"
#include "metrics.h"
#include "rpc/access.h"

namespace prepay::console {

/// Headers of a request for the service behind it. INVALID_ARGUMENT / BAD_TIMEOUT.
Result<CallHeaders> call_headers(const httplib::Request& request);
/// Answers with a Connect error in JSON and its HTTP status.
void send_error(httplib::Response& response, const Status& status);
/// The error of a client for whom there is no place.
Status too_many_streams();

/// The Connect protocol for every method that services offer, found by descriptor. A caller without
/// the permission is refused here already, before the edge reads much of the request; the service
/// checks again.
class ConnectRoutes {
public:
    ConnectRoutes(HttpServer& server, GrpcBridge& bridge, rpc::AccessControl& access,
                  OpenStreams& streams, const ConsoleMetrics& metrics)
        : server_(server), bridge_(bridge), access_(access), streams_(streams), metrics_(metrics) {}

    /// POST /package.Service/Method.
    void serve(const httplib::Request& request, httplib::Response& response,
               const httplib::ContentReader& reader);

private:
    struct Call;
    Result<Call> recognize(const httplib::Request& request) const;
    void serve_unary(const Call& call, httplib::Response& response);
    void serve_stream(const Call& call, httplib::Response& response);
    Result<std::unique_ptr<BridgeStream>> open(const Call& call);

    HttpServer& server_;
    GrpcBridge& bridge_;
    rpc::AccessControl& access_;
    OpenStreams& streams_;
    const ConsoleMetrics& metrics_;
};

}  // namespace prepay::console

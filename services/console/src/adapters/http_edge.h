#pragma once

#include <memory>

#include "adapters/grpc_bridge.h"
#include "config.h"
#include "core/status.h"
#include "metrics.h"
#include "rpc/access.h"
#include "rpc/client.h"

namespace prepay::console {

/// The public HTTP side: web files, the Connect protocol for every service, provider callbacks and
/// file downloads. It adds no rights: what it lets through, the services check again.
class HttpEdge {
public:
    HttpEdge(const ConsoleConfig& config, GrpcBridge& bridge, rpc::AccessControl& access,
             const rpc::Client& account, const ConsoleMetrics& metrics);
    ~HttpEdge();

    /// The port it serves on. Reasons ADDRESS_IN_USE, TOO_FEW_FILES.
    Result<int> start();
    /// Ends streams and waits for requests at work.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::console

#pragma once

#include <memory>
#include <string>

#include "adapters/grpc_bridge.h"
#include "config.h"
#include "core/status.h"
#include "metrics.h"
#include "rpc/client.h"

namespace prepay::console {

/// The public HTTP side: web files, the Connect protocol for every service, provider callbacks and
/// file downloads. It decides nothing: tokens are checked by the services.
class HttpEdge {
public:
    HttpEdge(const ConsoleConfig& config, GrpcBridge& bridge, const rpc::Client& account,
             const ConsoleMetrics& metrics);
    ~HttpEdge();

    /// Reason ADDRESS_IN_USE.
    Status start();
    /// Ends streams and waits for requests at work.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::console

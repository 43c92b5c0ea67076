#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "rpc/client.h"
#include "rpc/server.h"
#include "telemetry/metrics.h"

namespace prepay::runtime {

/// Follows the console's list of sessions that ended before their tokens did, and has the server
/// refuse those tokens (S-13). It keeps nothing on disk. While the console cannot be asked the last
/// list stays in force and calls go on: people's tokens end within 15 minutes by themselves, and
/// tenants come in through the console alone. The gauge says for how long that has been.
class SessionFollower {
public:
    /// `address` is the console's gRPC address, `options` carry the service's token.
    SessionFollower(rpc::ClientOptions options, rpc::Server& server, telemetry::Gauge age,
                    const Clock& clock);

    /// Looks every two seconds.
    void run(const std::stop_token& stop);
    /// One look.
    Status look();

private:
    rpc::Client console_;
    rpc::Server& server_;
    telemetry::Gauge age_;
    const Clock& clock_;
    std::string version_;
    std::chrono::steady_clock::time_point known_time_;
};

}  // namespace prepay::runtime

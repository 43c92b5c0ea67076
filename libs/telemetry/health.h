#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/status.h"
#include "telemetry/metrics.h"

namespace prepay::telemetry {

/// A name and what it asks; an error says why the process is not ready.
using HealthCheck = std::pair<std::string, std::function<Status()>>;

/// Serves `/metrics`, `/healthz` (200 while the process runs) and `/readyz` (200 when every check
/// passes, otherwise 503 with one line per failing or hanging check).
class HealthServer {
public:
    /// `listen` is "host:port". Each check runs in a thread of its own, when somebody asks; one
    /// that does not answer within a second is shown as hanging. Reason ADDRESS_IN_USE.
    static Result<std::unique_ptr<HealthServer>> start(const std::string& listen,
                                                       const Metrics& metrics,
                                                       std::vector<HealthCheck> checks);
    ~HealthServer();

private:
    struct State;
    explicit HealthServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace prepay::telemetry

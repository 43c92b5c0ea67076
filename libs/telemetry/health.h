#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/status.h"
#include "telemetry/metrics.h"

namespace prepay::telemetry {

/// Serves `/metrics`, `/healthz` (200 while the process runs) and `/readyz` (200 when every check
/// passes, otherwise 503 with one line per failing or hanging check). Thread-safe.
class HealthServer {
public:
    /// `listen` is "host:port".
    static Result<std::unique_ptr<HealthServer>> start(const std::string& listen,
                                                       const Metrics& metrics);
    ~HealthServer();

    /// Checks run one after the other in a thread of their own; all together should answer within a
    /// second, else the one that runs is shown as hanging.
    void add_check(const std::string& name, std::function<Status()> check);

private:
    struct State;
    explicit HealthServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace prepay::telemetry

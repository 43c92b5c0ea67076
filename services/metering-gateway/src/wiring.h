#pragma once

#include <memory>

#include "config.h"
#include "runtime/service.h"

namespace prepay::metering {

/// Everything the service is made of. Lives as long as the process serves.
class Wiring {
public:
    Wiring();
    ~Wiring();

    /// Builds the parts, loads what is stored, and adds handlers, subscriptions and threads.
    Status wire(runtime::Service& service, const GatewayConfig& config);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace prepay::metering

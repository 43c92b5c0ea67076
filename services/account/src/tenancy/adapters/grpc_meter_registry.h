#pragma once

#include <memory>

#include "rpc/client.h"
#include "tenancy/ports.h"

namespace prepay::account {

/// Asks the metering gateway. Thread-safe.
class GrpcMeterRegistry final : public MeterRegistry {
public:
    explicit GrpcMeterRegistry(const rpc::Client& metering);
    ~GrpcMeterRegistry() override;
    Result<std::vector<std::string>> unknown(const std::vector<std::string>& meter_ids) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::account

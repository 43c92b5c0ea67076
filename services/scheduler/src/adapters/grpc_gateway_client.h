#pragma once

#include <memory>

#include "ports.h"
#include "rpc/client.h"

namespace prepay::scheduler {

/// The metering gateway over gRPC. Thread-safe.
class GrpcGateway final : public Gateway {
public:
    /// `client` must outlive this.
    explicit GrpcGateway(const rpc::Client& client);
    ~GrpcGateway() override;

    Result<CommandReport> submit(const ClaimedItem& item) override;
    Result<CommandReport> get(const std::string& item_id) override;
    Result<CommandReport> cancel(const std::string& item_id,
                                 const std::string& request_id) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::scheduler

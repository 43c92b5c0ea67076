#pragma once

#include <memory>

#include "ports.h"
#include "rpc/client.h"

namespace prepay::metering {

/// Claims switch intents at the account service. Thread-safe.
class GrpcIntentClaims final : public IntentClaims {
public:
    explicit GrpcIntentClaims(const rpc::Client& account);
    ~GrpcIntentClaims() override;
    ClaimOutcome claim(const std::string& intent_id) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::metering

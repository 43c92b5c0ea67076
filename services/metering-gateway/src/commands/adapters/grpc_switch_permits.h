#pragma once

#include <memory>

#include "commands/ports.h"
#include "rpc/client.h"

namespace prepay::metering {

/// Asks the account service: claims of switch intents, and keep-power. Thread-safe.
class GrpcSwitchPermits final : public SwitchPermits {
public:
    explicit GrpcSwitchPermits(const rpc::Client& account);
    ~GrpcSwitchPermits() override;
    ClaimOutcome claim(const std::string& intent_id) override;
    CutAnswer check_cut(const std::string& meter_id) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::metering

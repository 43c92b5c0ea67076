#include "adapters/grpc_intent_claims.h"

#include "prepay/account/v1/account.grpc.pb.h"
#include "telemetry/log.h"

namespace prepay::metering {

struct GrpcIntentClaims::State {
    const rpc::Client& client;
    std::unique_ptr<account::v1::AccountService::StubInterface> stub;
};

GrpcIntentClaims::GrpcIntentClaims(const rpc::Client& account)
    : state_(std::make_unique<State>(
          State{account, account::v1::AccountService::NewStub(account.channel())})) {}

GrpcIntentClaims::~GrpcIntentClaims() = default;

ClaimOutcome GrpcIntentClaims::claim(const std::string& intent_id) {
    using account::v1::AccountService;
    account::v1::ClaimSwitchIntentRequest request;
    request.set_intent_id(intent_id);
    request.set_claimant("prepay-metering");
    const Result<account::v1::ClaimSwitchIntentResponse> response = state_->client.call(
        *state_->stub, &AccountService::StubInterface::ClaimSwitchIntent, request);
    if (!response.ok()) {
        // Account does not know it (any more): nothing to switch.
        if (response.status().code() == absl::StatusCode::kNotFound) {
            return ClaimOutcome::kDenied;
        }
        telemetry::log_warning(
            "a switch intent could not be claimed",
            {{"intent_id", intent_id}, {"error", telemetry::describe(response.status())}});
        return ClaimOutcome::kUnanswered;
    }
    return response->granted() ? ClaimOutcome::kGranted : ClaimOutcome::kDenied;
}

}  // namespace prepay::metering

#include "commands/adapters/grpc_switch_permits.h"

#include "prepay/account/v1/account.grpc.pb.h"
#include "telemetry/log.h"

namespace prepay::metering {

struct GrpcSwitchPermits::State {
    const rpc::Client& client;
    std::unique_ptr<account::v1::AccountService::StubInterface> stub;
};

GrpcSwitchPermits::GrpcSwitchPermits(const rpc::Client& account)
    : state_(std::make_unique<State>(
          State{account, account::v1::AccountService::NewStub(account.channel())})) {}

GrpcSwitchPermits::~GrpcSwitchPermits() = default;

ClaimOutcome GrpcSwitchPermits::claim(const std::string& intent_id) {
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

CutAnswer GrpcSwitchPermits::check_cut(const std::string& meter_id) {
    using account::v1::AccountService;
    account::v1::CheckCutRequest request;
    request.set_meter_id(meter_id);
    const Result<account::v1::CheckCutResponse> response =
        state_->client.call(*state_->stub, &AccountService::StubInterface::CheckCut, request);
    if (!response.ok()) {
        telemetry::log_warning(
            "account did not say whether a meter may be cut",
            {{"meter_id", meter_id}, {"error", telemetry::describe(response.status())}});
        return {ClaimOutcome::kUnanswered};
    }
    if (response->allowed()) {
        return {ClaimOutcome::kGranted};
    }
    return {ClaimOutcome::kDenied, response->user(), response->reason_text()};
}

}  // namespace prepay::metering

#include "adapters/grpc_gateway_client.h"

#include "convert.h"
#include "core/proto_time.h"
#include "prepay/metering/v1/metering.grpc.pb.h"

namespace prepay::scheduler {

using metering::v1::MeteringService;

struct GrpcGateway::State {
    const rpc::Client& client;
    std::unique_ptr<MeteringService::Stub> stub;
};

GrpcGateway::GrpcGateway(const rpc::Client& client)
    : state_(new State{client, MeteringService::NewStub(client.channel())}) {}

GrpcGateway::~GrpcGateway() = default;

Result<CommandReport> GrpcGateway::submit(const ClaimedItem& item) {
    // Everything here comes from the stored task, so that a repetition is equal to the byte.
    metering::v1::SubmitCommandRequest request;
    request.set_request_id(item.item_id);
    request.set_meter_id(item.meter_id);
    request.set_action(action_to_proto(item.action));
    set_time(*request.mutable_not_after(), item.not_after);
    request.set_reason_text((item.reason_text.empty() ? "" : item.reason_text + " ") +
                            ("(batch task " + item.task_id + " by " + item.create_user + ")"));
    request.set_override_keep_power(item.override_keep_power);
    PREPAY_ASSIGN_OR_RETURN(
        const auto response,
        state_->client.call(*state_->stub, &MeteringService::StubInterface::SubmitCommand,
                            request));
    return report_from_proto(response.command());
}

Result<CommandReport> GrpcGateway::get(const std::string& item_id) {
    metering::v1::GetCommandRequest request;
    request.set_command_id(item_id);
    PREPAY_ASSIGN_OR_RETURN(
        const auto response,
        state_->client.call(*state_->stub, &MeteringService::StubInterface::GetCommand, request));
    return report_from_proto(response.command());
}

Result<CommandReport> GrpcGateway::cancel(const std::string& item_id,
                                          const std::string& request_id) {
    metering::v1::CancelCommandRequest request;
    request.set_request_id(request_id);
    request.set_command_id(item_id);
    PREPAY_ASSIGN_OR_RETURN(
        const auto response,
        state_->client.call(*state_->stub, &MeteringService::StubInterface::CancelCommand,
                            request));
    return report_from_proto(response.command());
}

}  // namespace prepay::scheduler

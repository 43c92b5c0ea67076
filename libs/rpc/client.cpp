#include "rpc/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "prepay/common/v1/common.pb.h"
#include "prepay/common/v1/status.pb.h"
#include "telemetry/log.h"

namespace prepay::rpc {

namespace {

// An error travels in headers, which are refused above 8 KiB; and twice, with its details.
constexpr std::size_t kMessageMax = 1000;

std::string shortened(const std::string& message) {
    if (message.size() <= kMessageMax) {
        return message;
    }
    std::size_t end = kMessageMax;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) {
        --end;  // Not in the middle of a character.
    }
    return message.substr(0, end) + "…";
}

}  // namespace

Status from_grpc(const grpc::Status& status) {
    if (status.ok()) {
        return absl::OkStatus();
    }
    common::v1::RpcStatus rich;
    common::v1::ErrorDetail detail;
    ErrorMetadata metadata;
    if (rich.ParseFromString(status.error_details()) && rich.details_size() > 0 &&
        rich.details(0).UnpackTo(&detail)) {
        metadata.insert(detail.metadata().begin(), detail.metadata().end());
    }
    const std::string reason = detail.reason().empty() ? "PEER_ERROR" : detail.reason();
    return make_error(static_cast<absl::StatusCode>(status.error_code()), reason,
                      status.error_message(), metadata);
}

grpc::Status to_grpc(const Status& status) {
    if (status.ok()) {
        return grpc::Status::OK;
    }
    common::v1::ErrorDetail detail;
    detail.set_reason(error_reason(status));
    for (const auto& [key, value] : error_metadata(status)) {
        (*detail.mutable_metadata())[key] = shortened(value);
    }
    common::v1::RpcStatus rich;
    rich.set_code(static_cast<int>(status.code()));
    const std::string message = shortened(error_message(status));
    rich.set_message(message);
    rich.add_details()->PackFrom(detail);
    return {static_cast<grpc::StatusCode>(status.code()), message, rich.SerializeAsString()};
}

Client::Client(ClientOptions options) : options_(std::move(options)) {
    grpc::ChannelArguments arguments;
    // Also how long one attempt may take: a busy peer needs more than a refused one.
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
    channel_ =
        grpc::CreateCustomChannel(options_.address, grpc::InsecureChannelCredentials(), arguments);
}

void Client::prepare(grpc::ClientContext& context) const {
    prepare_stream(context, options_.timeout);
}

void Client::prepare_stream(grpc::ClientContext& context, std::chrono::milliseconds timeout) const {
    if (timeout.count() > 0) {
        context.set_deadline(std::chrono::system_clock::now() + timeout);
    }
    const std::string token = options_.current_token ? options_.current_token() : options_.token;
    if (!token.empty()) {
        context.AddMetadata("authorization", "Bearer " + token);
    }
    if (!telemetry::current_trace_id().empty()) {
        context.AddMetadata("prepay-trace-id", telemetry::current_trace_id());
    }
}

}  // namespace prepay::rpc

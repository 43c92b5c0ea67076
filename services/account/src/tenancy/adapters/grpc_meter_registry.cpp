#include "tenancy/adapters/grpc_meter_registry.h"

#include <algorithm>
#include <set>

#include "prepay/metering/v1/metering.grpc.pb.h"

namespace prepay::account {
namespace {

constexpr std::size_t kAskedAtOnce = 1000;

}  // namespace

struct GrpcMeterRegistry::State {
    const rpc::Client& client;
    std::unique_ptr<metering::v1::MeteringService::StubInterface> stub;
};

GrpcMeterRegistry::GrpcMeterRegistry(const rpc::Client& metering)
    : state_(std::make_unique<State>(
          State{metering, metering::v1::MeteringService::NewStub(metering.channel())})) {}

GrpcMeterRegistry::~GrpcMeterRegistry() = default;

Result<std::vector<std::string>> GrpcMeterRegistry::unknown(
    const std::vector<std::string>& meter_ids) {
    std::set<std::string> missing(meter_ids.begin(), meter_ids.end());
    missing.erase("");  // For the caller's own checks.
    const std::vector<std::string> wanted(missing.begin(), missing.end());
    for (std::size_t start = 0; start < wanted.size(); start += kAskedAtOnce) {
        metering::v1::ListMetersRequest request;
        request.set_page_size(static_cast<int>(kAskedAtOnce));
        const std::size_t end = std::min(wanted.size(), start + kAskedAtOnce);
        for (std::size_t i = start; i < end; ++i) {
            request.add_meter_ids(wanted[i]);
        }
        PREPAY_ASSIGN_OR_RETURN(
            const metering::v1::ListMetersResponse response,
            state_->client.call(
                *state_->stub, &metering::v1::MeteringService::StubInterface::ListMeters, request));
        for (const metering::v1::Meter& meter : response.meters()) {
            missing.erase(meter.meter_id());
        }
    }
    return std::vector<std::string>(missing.begin(), missing.end());
}

}  // namespace prepay::account

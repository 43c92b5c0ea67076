#include "readings/adapters/grpc_anomalies.h"

#include <limits>

#include "devices/adapters/grpc_pages.h"
#include "readings/convert.h"

namespace prepay::metering {

void GrpcAnomalies::add_to(rpc::Server& server) {
    using Self = GrpcAnomalies;
    const std::string prefix = kServicePrefix;
    server.unary(prefix + "ListAnomalies", this, &Self::list_anomalies);
    server.unary(prefix + "GetAnomaly", this, &Self::get_anomaly);
}

Result<v1::ListAnomaliesResponse> GrpcAnomalies::list_anomalies(
    const rpc::CallContext&, const v1::ListAnomaliesRequest& request) {
    const int size = rpc::page_size_of(request.page_size());
    PREPAY_ASSIGN_OR_RETURN(
        const Place before,
        page_start(request.page_token(), {std::numeric_limits<std::int64_t>::max(), ""}));
    const AnomalyFilter filter{from_proto_anomaly_state(request.state()), request.meter_id(),
                               request.line_id(), request.reason()};
    PREPAY_ASSIGN_OR_RETURN(const auto anomalies,
                            parts_.anomalies.list(filter, before.number, size));
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t open_count, parts_.anomalies.count_open());
    v1::ListAnomaliesResponse response;
    for (const Anomaly& anomaly : anomalies) {
        *response.add_anomalies() = to_proto_anomaly(anomaly);
    }
    if (static_cast<int>(anomalies.size()) == size) {
        response.set_next_page_token(make_place(anomalies.back().anomaly_id, ""));
    }
    response.set_open_count(open_count);
    return response;
}

Result<v1::GetAnomalyResponse> GrpcAnomalies::get_anomaly(const rpc::CallContext&,
                                                          const v1::GetAnomalyRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const Anomaly anomaly, parts_.anomalies.get(request.anomaly_id()));
    v1::GetAnomalyResponse response;
    *response.mutable_anomaly() = to_proto_anomaly_with_frames(anomaly);
    return response;
}

}  // namespace prepay::metering

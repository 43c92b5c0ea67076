#include "meters/adapters/grpc_quarantine.h"

#include "core/text.h"
#include "devices/adapters/grpc_pages.h"
#include "readings/convert.h"

namespace prepay::metering {

namespace {

constexpr std::size_t kDecisionReasonMax = 500;

}  // namespace

void GrpcQuarantine::add_to(rpc::Server& server) {
    using Self = GrpcQuarantine;
    const std::string prefix = kServicePrefix;
    server.unary(prefix + "DecideQuarantine", this, &Self::decide_quarantine);
}

Result<v1::DecideQuarantineResponse> GrpcQuarantine::decide_quarantine(
    const rpc::CallContext& context, const v1::DecideQuarantineRequest& request) {
    QuarantineOrder order;
    order.anomaly_id = request.anomaly_id();
    PREPAY_ASSIGN_OR_RETURN(order.decision, from_proto_decision(request.decision()));
    if (is_blank(request.reason_text())) {
        return invalid_argument("REASON_REQUIRED", "reason_text is required for a decision");
    }
    if (request.reason_text().size() > kDecisionReasonMax) {
        return invalid_argument("TEXT_TOO_LONG", "reason_text has at most 500 bytes");
    }
    order.reason_text = request.reason_text();
    order.decided_by = context.identity.subject;
    if (order.decision == QuarantineDecision::kNewEpoch) {
        if (request.has_opening_register()) {
            order.opening = RegisterTotal::from_base_units(request.opening_register());
        }
        if (request.has_closing_register()) {
            order.closing = RegisterTotal::from_base_units(request.closing_register());
        }
    }
    PREPAY_ASSIGN_OR_RETURN(const Anomaly anomaly, parts_.anomalies.get(request.anomaly_id()));
    if (const auto meter = parts_.directory.find_meter(anomaly.meter_id)) {
        order.register_limit = parts_.registers.limits(*meter).register_limit;
    }
    PREPAY_RETURN_IF_ERROR(parts_.anomalies.decide(key_of(context), order));
    // As it is stored, whether this call did it or an earlier one whose answer was lost.
    PREPAY_ASSIGN_OR_RETURN(const auto meters,
                            parts_.registry.list_meters("", 1, "", {anomaly.meter_id}));
    if (!meters.empty() && meters.front().quarantine_id == 0) {
        parts_.live.leave_quarantine(anomaly.meter_id, meters.front().memory.base,
                                     meters.front().memory.suspicion);
    }
    PREPAY_ASSIGN_OR_RETURN(const Anomaly decided, parts_.anomalies.get(request.anomaly_id()));
    v1::DecideQuarantineResponse response;
    *response.mutable_anomaly() = to_proto_anomaly_with_frames(decided);
    return response;
}

}  // namespace prepay::metering

// Anomalies, quarantine and diagnostics of GrpcMeteringService.
#include <limits>

#include "adapters/grpc_metering_service.h"
#include "adapters/grpc_pages.h"
#include "convert.h"
#include "core/text.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::milliseconds kReportTimeout{5'000};
constexpr std::size_t kDecisionReasonMax = 500;

v1::Anomaly with_frames(const Anomaly& anomaly) {
    v1::Anomaly result = to_proto_anomaly(anomaly);
    for (const Frame& frame : anomaly.frames) {
        *result.add_frames() = to_proto_frame(frame);
    }
    return result;
}

}  // namespace

Result<v1::GetMeterDiagnosticsResponse> GrpcMeteringService::get_meter_diagnostics(
    const rpc::CallContext&, const v1::GetMeterDiagnosticsRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const DiagnosticsReport report,
                            parts_.park.report(request.meter_id(), kReportTimeout));
    v1::GetMeterDiagnosticsResponse response;
    response.set_meter_id(request.meter_id());
    response.set_good_count(report.good_count);
    if (!report.last_error_kind.empty()) {
        response.set_last_error_kind(report.last_error_kind);
        response.set_last_error_text(report.last_error_text);
        *response.mutable_last_error_time() = to_proto_time(report.last_error_time);
    }
    for (const auto& [kind, count] : report.error_counts) {
        v1::ErrorCount& error = *response.add_errors();
        error.set_kind(kind);
        error.set_count(count);
    }
    for (const Frame& frame : report.frames) {
        *response.add_frames() = to_proto_frame(frame);
    }
    for (const RefusedBlock& block : report.refused_blocks) {
        v1::RefusedBlock& refused = *response.add_refused_blocks();
        refused.set_register_(block.address);
        refused.set_register_count(block.count);
        refused.set_exception_code(block.exception_code);
    }
    return response;
}

Result<v1::ListAnomaliesResponse> GrpcMeteringService::list_anomalies(
    const rpc::CallContext&, const v1::ListAnomaliesRequest& request) {
    const int size = rpc::page_size_of(request.page_size());
    Place before{std::numeric_limits<std::int64_t>::max(), ""};
    if (!request.page_token().empty()) {
        PREPAY_ASSIGN_OR_RETURN(before, parse_place(request.page_token()));
    }
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

Result<v1::GetAnomalyResponse> GrpcMeteringService::get_anomaly(
    const rpc::CallContext&, const v1::GetAnomalyRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const Anomaly anomaly, parts_.anomalies.get(request.anomaly_id()));
    v1::GetAnomalyResponse response;
    *response.mutable_anomaly() = with_frames(anomaly);
    return response;
}

Result<v1::DecideQuarantineResponse> GrpcMeteringService::decide_quarantine(
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
            order.opening = RegisterTotal::from_wh(request.opening_register());
        }
        if (request.has_closing_register()) {
            order.closing = RegisterTotal::from_wh(request.closing_register());
        }
    }
    PREPAY_ASSIGN_OR_RETURN(const Anomaly anomaly, parts_.anomalies.get(request.anomaly_id()));
    if (const auto meter = parts_.park.find_meter(anomaly.meter_id)) {
        order.register_limit = parts_.park.limits(*meter).register_limit;
    }
    PREPAY_RETURN_IF_ERROR(parts_.anomalies.decide(key_of(context), order));
    // As it is stored, whether this call did it or an earlier one whose answer was lost.
    PREPAY_ASSIGN_OR_RETURN(const auto meters,
                            parts_.registry.list_meters("", 1, "", {anomaly.meter_id}));
    if (!meters.empty() && meters.front().quarantine_id == 0) {
        parts_.park.leave_quarantine(anomaly.meter_id, meters.front().memory.base,
                                     meters.front().memory.suspicion);
    }
    PREPAY_ASSIGN_OR_RETURN(const Anomaly decided, parts_.anomalies.get(request.anomaly_id()));
    v1::DecideQuarantineResponse response;
    *response.mutable_anomaly() = with_frames(decided);
    return response;
}

}  // namespace prepay::metering

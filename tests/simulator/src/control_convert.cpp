#include "control_convert.h"

namespace prepay::simulator {
namespace {

constexpr int kPageSizeMax = 10'000;
constexpr int kPageSizeDefault = 1000;
constexpr int kWaitMsMax = 60'000;

pb::Family family_to_proto(Family family) {
    switch (family) {
        case Family::kDdsy1352:
            return pb::FAMILY_DDSY1352;
        case Family::kAdf400lSingle:
            return pb::FAMILY_ADF400L_1P;
        case Family::kWaterValve:
            return pb::FAMILY_WATER_VALVE;
        case Family::kAdf400lThree:
            return pb::FAMILY_ADF400L_3P;
    }
    return pb::FAMILY_UNSPECIFIED;
}

// Wh or mL, whole steps of the register.
std::int64_t shown_wh(Family family, const ExactEnergy& counted) {
    const std::int64_t step = register_step_mwh(family);
    return counted.mwh() / step * (step / 1000);
}

Result<Family> family_from_proto(pb::Family family, const std::string& meter_id) {
    switch (family) {
        case pb::FAMILY_DDSY1352:
            return Family::kDdsy1352;
        case pb::FAMILY_ADF400L_1P:
            return Family::kAdf400lSingle;
        case pb::FAMILY_ADF400L_3P:
            return Family::kAdf400lThree;
        case pb::FAMILY_WATER_VALVE:
            return Family::kWaterValve;
        default:
            return invalid_argument("BAD_METER", "meter '" + meter_id + "': no such family");
    }
}

Result<FaultKind> kind_from_proto(pb::FaultKind kind) {
    switch (kind) {
        case pb::FAULT_KIND_SILENT:
            return FaultKind::kSilent;
        case pb::FAULT_KIND_SLOW:
            return FaultKind::kSlow;
        case pb::FAULT_KIND_EXCEPTION:
            return FaultKind::kException;
        case pb::FAULT_KIND_BAD_CRC:
            return FaultKind::kBadCrc;
        case pb::FAULT_KIND_BAD_MBAP:
            return FaultKind::kBadMbap;
        case pb::FAULT_KIND_REQUEST_LOST:
            return FaultKind::kRequestLost;
        case pb::FAULT_KIND_ANSWER_LOST:
            return FaultKind::kAnswerLost;
        case pb::FAULT_KIND_LATE_ANSWER:
            return FaultKind::kLateAnswer;
        case pb::FAULT_KIND_REBOOT:
            return FaultKind::kReboot;
        case pb::FAULT_KIND_CONTRADICT:
            return FaultKind::kContradict;
        case pb::FAULT_KIND_RELAY_STUCK:
            return FaultKind::kRelayStuck;
        case pb::FAULT_KIND_LATE_EXECUTION:
            return FaultKind::kLateExecution;
        default:
            return invalid_argument("BAD_FAULT", "no such fault kind");
    }
}

}  // namespace

LineSpec from_proto(const pb::LineSpec& line) {
    return {line.line_id(), line.tcp_port(), line.baud(), line.pty_link(), line.rtu_over_tcp()};
}

Result<MeterSpec> from_proto(const pb::MeterSpec& meter) {
    MeterSpec spec;
    PREPAY_ASSIGN_OR_RETURN(spec.family, family_from_proto(meter.family(), meter.meter_id()));
    spec.meter_id = meter.meter_id();
    spec.line_id = meter.line_id();
    spec.unit_id = meter.unit_id();
    spec.register_wh = meter.register_wh();
    spec.load_w = meter.load_w();
    spec.profile = meter.profile();
    spec.rated_power_w = meter.rated_power_w();
    return spec;
}

Result<std::vector<Fault>> from_proto(const google::protobuf::RepeatedPtrField<pb::Fault>& faults) {
    std::vector<Fault> result;
    for (const pb::Fault& fault : faults) {
        Fault converted;
        PREPAY_ASSIGN_OR_RETURN(converted.kind, kind_from_proto(fault.kind()));
        if (fault.exception_code() < 0 || fault.exception_code() > 255) {
            return invalid_argument("BAD_FAULT", "exception_code must be 0 to 255");
        }
        converted.delay = std::chrono::milliseconds(fault.delay_ms());
        converted.exception_code = static_cast<std::uint8_t>(fault.exception_code());
        converted.count = fault.count();
        converted.function_code = fault.function_code();
        result.push_back(converted);
    }
    return result;
}

Result<FrameQuery> from_proto(const pb::ListFramesRequest& request) {
    if (request.page_size() < 0 || request.page_size() > kPageSizeMax) {
        return invalid_argument("BAD_PAGE", "page_size must be 0 (1000) to 10000");
    }
    if (request.wait_ms() < 0 || request.wait_ms() > kWaitMsMax) {
        return invalid_argument("BAD_PAGE", "wait_ms must be 0 to 60000");
    }
    FrameQuery query;
    query.from_sequence = request.from_sequence();
    query.page_size =
        static_cast<std::size_t>(request.page_size() == 0 ? kPageSizeDefault : request.page_size());
    query.wait = std::chrono::milliseconds(request.wait_ms());
    query.meter_id = request.meter_id();
    query.line_id = request.line_id();
    query.relay_writes_only = request.relay_writes_only();
    return query;
}

void to_proto(Instant time, google::protobuf::Timestamp& out) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    out.set_seconds(seconds.time_since_epoch().count());
    out.set_nanos(static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(time - seconds).count()));
}

void to_proto(const LineSpec& line, pb::LineSpec& out) {
    out.set_line_id(line.line_id);
    out.set_tcp_port(line.tcp_port);
    out.set_baud(line.baud);
    out.set_pty_link(line.pty_link);
    out.set_rtu_over_tcp(line.rtu_over_tcp);
}

void to_proto(const Line& line, pb::LineTruth& out) {
    to_proto(line.spec, *out.mutable_line());
    out.set_meter_count(line.meter_count);
    out.set_connection_count(line.connection_count);
    out.set_request_count(line.request_count);
    out.set_overlap_count(line.overlap_count);
    out.set_malformed_count(line.malformed_count);
}

void to_proto(const Meter& meter, pb::MeterTruth& out) {
    const MeterSpec& spec = meter.spec();
    out.set_meter_id(spec.meter_id);
    out.set_line_id(spec.line_id);
    out.set_unit_id(spec.unit_id);
    out.set_family(family_to_proto(spec.family));
    out.set_register_mwh(meter.total().mwh());
    out.set_register_wh(shown_wh(spec.family, meter.total()));
    out.set_relay_closed(!meter.contact_open());
    out.set_load_w(meter.load_w());
    out.set_power_w(meter.power_w());
    out.set_relay_change_count(meter.relay_change_count());
    if (const auto time = meter.relay_change_time()) {
        to_proto(*time, *out.mutable_relay_change_time());
    }
    out.set_consumed_mwh(meter.consumed().mwh());
    for (int rate = kSharp; rate <= kValley; ++rate) {
        out.add_rate_register_wh(shown_wh(spec.family, meter.rate(rate)));
    }
    out.set_forced(meter.forced());
}

void to_proto(const FramePage& page, pb::ListFramesResponse& out) {
    for (const FrameRecord& frame : page.frames) {
        pb::FrameRecord& record = *out.add_frames();
        record.set_sequence(frame.sequence);
        to_proto(frame.frame_time, *record.mutable_frame_time());
        record.set_line_id(frame.line_id);
        record.set_unit_id(frame.unit);
        record.set_from_master(frame.from_master);
        record.set_data(frame.data.data(), frame.data.size());
        record.set_meter_id(frame.meter_id);
        record.set_relay_write(frame.relay_write);
    }
    out.set_next_sequence(page.next_sequence);
    out.set_oldest_sequence(page.oldest_sequence);
}

}  // namespace prepay::simulator

#include "readings/convert.h"

#include "core/proto_time.h"
#include "devices/convert.h"

namespace prepay::metering {

Result<QuarantineDecision> from_proto_decision(v1::QuarantineDecision decision) {
    switch (decision) {
        case v1::QUARANTINE_DECISION_ACCEPT:
            return QuarantineDecision::kAccept;
        case v1::QUARANTINE_DECISION_NEW_EPOCH:
            return QuarantineDecision::kNewEpoch;
        case v1::QUARANTINE_DECISION_DISCARD:
            return QuarantineDecision::kDiscard;
        default:
            return invalid_argument("BAD_DECISION", "decision is ACCEPT, NEW_EPOCH or DISCARD");
    }
}

std::optional<AnomalyState> from_proto_anomaly_state(v1::AnomalyState state) {
    switch (state) {
        case v1::ANOMALY_STATE_NOTED:
            return AnomalyState::kNoted;
        case v1::ANOMALY_STATE_OPEN:
            return AnomalyState::kOpen;
        case v1::ANOMALY_STATE_DECIDED:
            return AnomalyState::kDecided;
        default:
            return std::nullopt;
    }
}

v1::Reading to_proto_reading(const Reading& reading) {
    v1::Reading result;
    result.set_meter_id(reading.meter_id);
    result.set_resource(to_proto_resource(reading.resource));
    result.set_channel(reading.channel);
    set_time(*result.mutable_slot_time(), reading.slot_time);
    result.set_revision(reading.revision);
    set_time(*result.mutable_read_time(), reading.read_time);
    result.set_register_total(reading.register_total.base_units());
    result.set_register_epoch(reading.register_epoch);
    switch (reading.source) {
        case ReadingSource::kPoll:
            result.set_source(v1::READING_SOURCE_POLL);
            break;
        case ReadingSource::kOnDemand:
            result.set_source(v1::READING_SOURCE_ON_DEMAND);
            break;
        case ReadingSource::kImport:
            result.set_source(v1::READING_SOURCE_IMPORT);
            break;
    }
    result.set_reading_id(reading.reading_id);
    if (reading.values) {
        *result.mutable_values() = to_proto_values(*reading.values);
    }
    return result;
}

v1::QuarantineDecision to_proto_decision(QuarantineDecision decision) {
    switch (decision) {
        case QuarantineDecision::kAccept:
            return v1::QUARANTINE_DECISION_ACCEPT;
        case QuarantineDecision::kNewEpoch:
            return v1::QUARANTINE_DECISION_NEW_EPOCH;
        case QuarantineDecision::kDiscard:
            return v1::QUARANTINE_DECISION_DISCARD;
    }
    return v1::QUARANTINE_DECISION_UNSPECIFIED;
}

v1::Anomaly to_proto_anomaly(const Anomaly& anomaly) {
    v1::Anomaly result;
    result.set_anomaly_id(anomaly.anomaly_id);
    result.set_line_id(anomaly.line_id);
    result.set_meter_id(anomaly.meter_id);
    result.set_resource(to_proto_resource(anomaly.resource));
    result.set_reason(anomaly.reason);
    result.set_state(anomaly.state == AnomalyState::kOpen      ? v1::ANOMALY_STATE_OPEN
                     : anomaly.state == AnomalyState::kDecided ? v1::ANOMALY_STATE_DECIDED
                                                               : v1::ANOMALY_STATE_NOTED);
    result.set_previous_register_total(anomaly.previous_total.base_units());
    if (anomaly.previous_read_time) {
        set_time(*result.mutable_previous_read_time(), *anomaly.previous_read_time);
    }
    result.set_register_total(anomaly.register_total.base_units());
    set_time(*result.mutable_read_time(), anomaly.read_time);
    result.set_latest_register_total(anomaly.seen().base_units());
    set_time(*result.mutable_latest_read_time(), anomaly.seen_time());
    result.set_after_change(anomaly.after_change);
    if (anomaly.decision) {
        result.set_decision(to_proto_decision(*anomaly.decision));
    }
    result.set_opening_register(anomaly.opening.value_or(RegisterTotal()).base_units());
    result.set_closing_register(anomaly.closing.value_or(RegisterTotal()).base_units());
    result.set_reason_text(anomaly.reason_text);
    result.set_decided_by(anomaly.decided_by);
    if (anomaly.decide_time) {
        set_time(*result.mutable_decide_time(), *anomaly.decide_time);
    }
    return result;
}

v1::Anomaly to_proto_anomaly_with_frames(const Anomaly& anomaly) {
    v1::Anomaly result = to_proto_anomaly(anomaly);
    for (const Frame& frame : anomaly.frames) {
        *result.add_frames() = to_proto_frame(frame);
    }
    return result;
}

v1::MeterValues to_proto_values(const MeterValues& values, ReadingFault fault) {
    v1::MeterValues result = to_proto_values(values);
    if (fault != ReadingFault::kNone) {
        result.set_register_fault(fault_reason(fault));
    }
    return result;
}

const char* source_text(ReadingSource source) {
    switch (source) {
        case ReadingSource::kPoll:
            return "poll";
        case ReadingSource::kOnDemand:
            return "on_demand";
        case ReadingSource::kImport:
            return "import";
    }
    return "poll";
}

ReadingSource source_from_text(const std::string& text) {
    return text == "import"      ? ReadingSource::kImport
           : text == "on_demand" ? ReadingSource::kOnDemand
                                 : ReadingSource::kPoll;
}

}  // namespace prepay::metering

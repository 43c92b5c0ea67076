#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include "frame_log.h"
#include "park.h"
#include "prepay/simulator/v1/simulator.pb.h"

namespace prepay::simulator {

namespace pb = prepay::simulator::v1;

LineSpec from_proto(const pb::LineSpec& line);
/// Reason BAD_METER for an unknown family.
Result<MeterSpec> from_proto(const pb::MeterSpec& meter);
/// Reason BAD_FAULT for an unknown kind or a value out of range.
Result<std::vector<Fault>> from_proto(const google::protobuf::RepeatedPtrField<pb::Fault>& faults);
/// Reason BAD_PAGE for a page_size or wait_ms out of range.
Result<FrameQuery> from_proto(const pb::ListFramesRequest& request);

void to_proto(const LineSpec& line, pb::LineSpec& out);
void to_proto(const Line& line, pb::LineTruth& out);
void to_proto(const Meter& meter, pb::MeterTruth& out);
void to_proto(const FramePage& page, pb::ListFramesResponse& out);
void to_proto(Instant time, google::protobuf::Timestamp& out);

}  // namespace prepay::simulator

#pragma once

#include <google/protobuf/repeated_field.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "core/status.h"
#include "core/time.h"

namespace prepay::billing {

/// INVALID_ARGUMENT that names the field in its metadata.
Status field_error(const std::string& reason, const std::string& field, const std::string& message);
/// A time between 2000 and 2100. Reason FIELD_INVALID.
Result<Instant> time_from(const google::protobuf::Timestamp& time, const std::string& field);
/// At most 1,000 different ids of meters. Reason FIELD_INVALID.
Status check_meter_ids(const google::protobuf::RepeatedPtrField<std::string>& ids);

}  // namespace prepay::billing

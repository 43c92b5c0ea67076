#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "core/status.h"
#include "core/time.h"

namespace prepay::billing {

/// INVALID_ARGUMENT that names the field in its metadata.
Status field_error(const std::string& reason, const std::string& field, const std::string& message);
/// A time between 2000 and 2100. Reason FIELD_INVALID.
Result<Instant> time_from(const google::protobuf::Timestamp& time, const std::string& field);

}  // namespace prepay::billing

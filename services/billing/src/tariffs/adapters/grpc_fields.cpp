#include "tariffs/adapters/grpc_fields.h"

#include <set>

#include "core/proto_time.h"
#include "core/time_range.h"
#include "tariffs/convert.h"

namespace prepay::billing {
namespace {

constexpr int kMeterCountMax = 1000;
constexpr std::size_t kIdSizeMax = 128;

}  // namespace

Status field_error(const std::string& reason, const std::string& field,
                   const std::string& message) {
    return invalid_argument(reason, field + ": " + message, {{"field", field}});
}

Result<Instant> time_from(const google::protobuf::Timestamp& time, const std::string& field) {
    if (!is_plausible_proto_time(time)) {
        return field_error("FIELD_INVALID", field, "a time between 2000 and 2100");
    }
    return from_proto_time(time);
}

Status check_meter_ids(const google::protobuf::RepeatedPtrField<std::string>& ids) {
    if (ids.size() > kMeterCountMax) {
        return field_error("FIELD_INVALID", "meter_ids", "at most 1000");
    }
    std::set<std::string> seen;
    for (const std::string& id : ids) {
        if (id.empty() || id.size() > kIdSizeMax || !seen.insert(id).second) {
            return field_error("FIELD_INVALID", "meter_ids",
                               "'" + id + "' is empty, too long or there twice");
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::billing

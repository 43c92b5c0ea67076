#include "adapters/grpc_fields.h"

#include "convert.h"

namespace prepay::billing {
namespace {

constexpr int kPageSizeDefault = 100;
constexpr int kPageSizeMax = 1000;

}  // namespace

Status field_error(const std::string& reason, const std::string& field,
                   const std::string& message) {
    return invalid_argument(reason, field + ": " + message, {{"field", field}});
}

Result<int> page_size_of(int page_size) {
    if (page_size < 0 || page_size > kPageSizeMax) {
        return field_error("FIELD_INVALID", "page_size", "0 .. 1000, 0 = 100");
    }
    return page_size == 0 ? kPageSizeDefault : page_size;
}

Result<Instant> time_from(const google::protobuf::Timestamp& time, const std::string& field) {
    // 2000 to 2100: everything else is a mistake of units.
    if (time.seconds() < 946'684'800 || time.seconds() >= 4'102'444'800 || time.nanos() < 0 ||
        time.nanos() >= 1'000'000'000) {
        return field_error("FIELD_INVALID", field, "a time between 2000 and 2100");
    }
    return from_proto(time);
}

}  // namespace prepay::billing

#include "intake/convert.h"
#include "core/proto_time.h"
#include "core/time_range.h"

#include <algorithm>

namespace prepay::billing {
namespace {}  // namespace

Result<Reading> reading_from_proto(const metering::v1::Reading& proto) {
    if (proto.meter_id().empty()) {
        return field_invalid("meter_id", "missing");
    }
    if (!is_plausible_proto_time(proto.slot_time()) ||
        !is_plausible_proto_time(proto.read_time())) {
        return field_invalid("slot_time", "slot_time and read_time lie between 2000 and 2100");
    }
    if (proto.register_total() < 0) {
        return field_invalid("register_total", "negative");
    }
    return Reading{from_proto_time(proto.slot_time()),
                   proto.revision(),
                   from_proto_time(proto.read_time()),
                   RegisterTotal::from_base_units(proto.register_total()),
                   proto.register_epoch(),
                   proto.reading_id()};
}

Result<Occupancy> occupancy_from_proto(const account::v1::Occupancy& proto) {
    if (proto.occupancy_id().empty() || proto.meter_id().empty() || proto.account_id().empty()) {
        return field_invalid("occupancy_id", "occupancy_id, meter_id and account_id are needed");
    }
    if (!is_plausible_proto_time(proto.start_time()) ||
        (proto.has_end_time() && !is_plausible_proto_time(proto.end_time()))) {
        return field_invalid("start_time", "times lie between 2000 and 2100");
    }
    Occupancy o;
    o.occupancy_id = proto.occupancy_id();
    o.account_id = proto.account_id();
    o.room_id = proto.room_id();
    o.site_id = proto.site_id();
    o.start = from_proto_time(proto.start_time());
    if (proto.has_end_time()) {
        o.end = std::max(from_proto_time(proto.end_time()), o.start);
    }
    o.opening_register = proto.opening_register();
    o.closing_register = proto.closing_register();
    o.revision = proto.revision();
    o.vacancy = proto.vacancy();
    o.deleted = proto.deleted();
    return o;
}

}  // namespace prepay::billing

#include "holds/adapters/grpc_holds.h"

#include "core/proto_time.h"
#include "devices/adapters/grpc_pages.h"
#include "devices/convert.h"
#include "holds/convert.h"

namespace prepay::metering {

namespace {

// Places in the list: "<place time>.<meter>.<holder>" of a hold, "-1.<meter>" of a foreign opening.
constexpr std::int64_t kForeign = -1;

std::string place_of(const HeldMeter& meter) {
    return meter.hold ? make_place(to_micros(meter.hold->place_time),
                                   meter.meter_id + "." + holder_text(meter.hold->holder))
                      : make_place(kForeign, meter.meter_id);
}

Result<HeldMeter> parse_held(const std::string& token) {
    PREPAY_ASSIGN_OR_RETURN(const Place place, parse_place(token));
    HeldMeter meter;
    if (place.number == kForeign) {
        meter.meter_id = place.text;
        return meter;
    }
    const std::size_t dot = place.text.rfind('.');
    const auto holder =
        dot == std::string::npos ? std::nullopt : holder_from_text(place.text.substr(dot + 1));
    if (!holder) {
        return rpc::bad_page_token();
    }
    meter.meter_id = place.text.substr(0, dot);
    meter.hold.emplace();
    meter.hold->holder = *holder;
    meter.hold->place_time = from_micros(place.number);
    return meter;
}

Result<HoldFilter> filter_of(const v1::ListHoldsRequest& request) {
    HoldFilter filter;
    filter.meter_id = request.meter_id();
    if (request.holder() != v1::HOLDER_UNSPECIFIED) {
        filter.holder = from_proto_holder(request.holder());
        if (!filter.holder) {
            return invalid_argument("BAD_HOLDER", "there is no such holder");
        }
    }
    return filter;
}

v1::HeldMeter to_proto_held(const HeldMeter& meter) {
    v1::HeldMeter result;
    result.set_meter_id(meter.meter_id);
    result.set_display_name(meter.display_name);
    result.set_line_id(meter.line_id);
    result.set_online(meter.online);
    result.set_relay(to_proto_relay(meter.relay));
    if (meter.hold) {
        *result.mutable_hold() = to_proto_hold(*meter.hold);
    }
    if (meter.foreign_since) {
        set_time(*result.mutable_foreign_since(), *meter.foreign_since);
    }
    return result;
}

}  // namespace

void GrpcHolds::add_to(rpc::Server& server) {
    using Self = GrpcHolds;
    const std::string prefix = kServicePrefix;
    server.unary(prefix + "ListHolds", this, &Self::list_holds);
}

Result<v1::ListHoldsResponse> GrpcHolds::list_holds(const rpc::CallContext&,
                                                    const v1::ListHoldsRequest& request) {
    const auto size = static_cast<std::size_t>(rpc::page_size_of(request.page_size()));
    PREPAY_ASSIGN_OR_RETURN(const HoldFilter filter, filter_of(request));
    std::optional<HeldMeter> after;
    if (!request.page_token().empty()) {
        PREPAY_ASSIGN_OR_RETURN(after, parse_held(request.page_token()));
    }
    const auto rest = [size](const std::vector<HeldMeter>& found) {
        return static_cast<int>(size + 1 - found.size());
    };
    std::vector<HeldMeter> meters;
    if (!after || after->hold) {
        PREPAY_ASSIGN_OR_RETURN(meters, parts_.holds.list_holds(filter, after, rest(meters)));
    }
    if (meters.size() <= size && !filter.holder) {
        const std::string behind = after && !after->hold ? after->meter_id : "";
        PREPAY_ASSIGN_OR_RETURN(const auto foreign,
                                parts_.holds.list_foreign(filter.meter_id, behind, rest(meters)));
        meters.insert(meters.end(), foreign.begin(), foreign.end());
    }
    v1::ListHoldsResponse response;
    if (meters.size() > size) {
        meters.resize(size);
        response.set_next_page_token(place_of(meters.back()));
    }
    for (const HeldMeter& meter : meters) {
        *response.add_meters() = to_proto_held(meter);
    }
    return response;
}

}  // namespace prepay::metering

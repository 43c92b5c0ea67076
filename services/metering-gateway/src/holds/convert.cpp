#include "holds/convert.h"

#include "core/proto_time.h"
#include "devices/convert.h"

namespace prepay::metering {

v1::Holder to_proto_holder(Holder holder) {
    switch (holder) {
        case Holder::kMoney:
            return v1::HOLDER_MONEY;
        case Holder::kOperator:
            return v1::HOLDER_OPERATOR;
        case Holder::kLoadGuard:
            return v1::HOLDER_LOAD_GUARD;
        case Holder::kTimePlan:
            return v1::HOLDER_TIME_PLAN;
        case Holder::kMeter:
            return v1::HOLDER_METER;
    }
    return v1::HOLDER_UNSPECIFIED;
}

std::optional<Holder> from_proto_holder(v1::Holder proto) {
    for (const Holder holder : {Holder::kMoney, Holder::kOperator, Holder::kLoadGuard,
                                Holder::kTimePlan, Holder::kMeter}) {
        if (to_proto_holder(holder) == proto) {
            return holder;
        }
    }
    return std::nullopt;
}

v1::Hold to_proto_hold(const Hold& hold) {
    v1::Hold result;
    result.set_holder(to_proto_holder(hold.holder));
    set_time(*result.mutable_place_time(), hold.place_time);
    result.set_initiator(hold.initiator);
    result.set_reason_text(hold.reason_text);
    if (hold.expire_time) {
        set_time(*result.mutable_expire_time(), *hold.expire_time);
    }
    result.set_command_id(hold.command_id);
    result.set_keep_power_overridden(hold.keep_power_overridden);
    return result;
}

Hold from_proto_hold(const v1::Hold& hold) {
    Hold result;
    result.holder = from_proto_holder(hold.holder()).value_or(result.holder);
    result.place_time = from_proto_time(hold.place_time());
    result.initiator = hold.initiator();
    result.reason_text = hold.reason_text();
    if (hold.has_expire_time()) {
        result.expire_time = from_proto_time(hold.expire_time());
    }
    result.command_id = hold.command_id();
    result.keep_power_overridden = hold.keep_power_overridden();
    return result;
}

v1::MeterState to_proto_meter_state(const MeterStateChange& change) {
    v1::MeterState result;
    result.set_meter_id(change.meter_id);
    result.set_online(change.online);
    result.set_relay(to_proto_relay(change.relay));
    set_time(*result.mutable_change_time(), change.change_time);
    result.set_revision(change.revision);
    result.set_driver_pack(change.driver_pack);
    for (const Hold& hold : change.holds.standing) {
        *result.add_holds() = to_proto_hold(hold);
    }
    result.set_foreign_open(change.holds.foreign_open);
    result.set_resource(to_proto_resource(change.resource));
    return result;
}

}  // namespace prepay::metering

#include "charges/convert.h"

#include "quantity/text.h"

namespace prepay::billing {

v1::Charge to_proto(const Charge& charge) {
    v1::Charge proto;
    proto.set_charge_id(std::to_string(charge.charge_id));
    proto.set_account_id(charge.account_id);
    proto.set_meter_id(charge.meter_id);
    proto.set_room_id(charge.room_id);
    proto.set_site_id(charge.site_id);
    proto.set_kind(charge.reversal_of ? v1::CHARGE_KIND_REVERSAL : v1::CHARGE_KIND_ENERGY);
    to_proto(charge.start, proto.mutable_start_time());
    to_proto(charge.end, proto.mutable_end_time());
    proto.set_quantity(charge.quantity.base_units());
    proto.set_amount_micros(charge.amount_micros);
    proto.set_tariff_id(charge.tariff_id);
    proto.set_tariff_version(charge.tariff_version);
    if (charge.reversal_of) {
        proto.set_reversal_of(std::to_string(*charge.reversal_of));
    }
    proto.set_resource(to_proto(charge.quantity.resource()));
    for (const RatedLine& line : charge.lines) {
        v1::ChargeLine* target = proto.add_lines();
        to_proto(line.start, target->mutable_start_time());
        to_proto(line.end, target->mutable_end_time());
        target->set_period(static_cast<v1::RatePeriod>(line.period));
        target->set_tier(line.tier);
        target->set_quantity(line.quantity.base_units());
        target->set_price_micros(line.price.micros());
        const SplitPicos amount = split_picos(line.picos());
        target->set_amount_nanos(amount.nanos);
        target->set_amount_picos_rest(amount.picos_rest);
    }
    return proto;
}

}  // namespace prepay::billing

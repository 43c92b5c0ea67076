#include "charges/convert.h"

#include "core/proto_time.h"
#include "quantity/text.h"

namespace prepay::billing {

namespace {

void fill(const EnergyBasis& basis, v1::Charge& proto) {
    proto.set_kind(v1::CHARGE_KIND_ENERGY);
    proto.set_quantity(basis.quantity.base_units());
    proto.set_tariff_id(basis.tariff_id);
    proto.set_tariff_version(basis.tariff_version);
    proto.set_resource(to_proto(basis.quantity.resource()));
}

}  // namespace

v1::Charge to_proto(const Charge& charge) {
    v1::Charge proto;
    proto.set_charge_id(std::to_string(charge.charge_id));
    proto.set_account_id(charge.account_id);
    proto.set_meter_id(charge.meter_id);
    proto.set_room_id(charge.room_id);
    proto.set_site_id(charge.site_id);
    set_time(*proto.mutable_start_time(), charge.start);
    set_time(*proto.mutable_end_time(), charge.end);
    proto.set_amount_micros(charge.amount_micros);
    std::visit([&](const auto& basis) { fill(basis, proto); }, charge.basis);
    if (charge.reversal_of) {
        proto.set_kind(v1::CHARGE_KIND_REVERSAL);
        proto.set_reversal_of(std::to_string(*charge.reversal_of));
    }
    for (const RatedLine& line : charge.lines) {
        v1::ChargeLine* target = proto.add_lines();
        set_time(*target->mutable_start_time(), line.start);
        set_time(*target->mutable_end_time(), line.end);
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

void to_proto(const EnergyBasis& basis, v1::ExplainChargeResponse& response) {
    response.set_start_reading_id(basis.from.reading_id);
    response.set_end_reading_id(basis.to.reading_id);
    response.set_start_register_total(basis.start_register);
    response.set_end_register_total(basis.end_register);
    response.set_tier_quantity_before(basis.before.used);
    response.set_tier_quantity_after(basis.after.used);
}

}  // namespace prepay::billing

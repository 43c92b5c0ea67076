#include "domain/charge.h"

namespace prepay::billing {

Charge make_charge(std::int64_t meter_key, const std::string& meter_id, const ChargeDraft& draft,
                   std::int64_t& remainder_nanos) {
    Charge charge;
    charge.meter_key = meter_key;
    charge.meter_id = meter_id;
    charge.account_key = draft.occupancy.account_key;
    charge.account_id = draft.occupancy.account_id;
    charge.room_id = draft.occupancy.room_id;
    charge.site_id = draft.occupancy.site_id;
    charge.occupancy_key = draft.occupancy.key;
    charge.tariff_key = draft.tariff.tariff_key;
    charge.tariff_id = draft.tariff.tariff_id;
    charge.tariff_version = draft.tariff.version;
    charge.resource = draft.tariff.resource;
    charge.start = draft.start;
    charge.end = draft.end;
    charge.start_register = draft.start_total.wh();
    charge.end_register = draft.end_total.wh();
    charge.energy_wh = draft.energy().wh();
    charge.amount_nanos = static_cast<std::int64_t>(draft.nanos());
    charge.lines = draft.lines;
    charge.before = draft.before;
    charge.after = draft.after;
    charge.from = draft.from;
    charge.to = draft.to;
    charge.remainder_before_nanos = remainder_nanos;
    if (charge.amount_nanos + remainder_nanos >= 0) {
        const Rounded rounded = round_with_carry(charge.amount_nanos, remainder_nanos);
        charge.amount_micros = rounded.amount.micros();
        remainder_nanos = rounded.remainder_nanos;
    } else {
        remainder_nanos += charge.amount_nanos;
    }
    charge.remainder_after_nanos = remainder_nanos;
    return charge;
}

Charge make_reversal(const Charge& charge, std::int64_t& remainder_nanos) {
    Charge reversal = charge;
    reversal.charge_id = 0;
    reversal.reversal_of = charge.charge_id;
    reversal.energy_wh = -charge.energy_wh;
    reversal.amount_micros = -charge.amount_micros;
    reversal.amount_nanos = -charge.amount_nanos;
    for (RatedLine& line : reversal.lines) {
        line.energy = -line.energy;
        line.amount_nanos = -line.amount_nanos;
    }
    reversal.before = charge.after;
    reversal.after = charge.before;
    reversal.remainder_before_nanos = remainder_nanos;
    remainder_nanos += charge.amount_micros * 1000 - charge.amount_nanos;
    reversal.remainder_after_nanos = remainder_nanos;
    return reversal;
}

bool is_same(const Charge& charge, const ChargeDraft& draft) {
    // The readings are part of it: a charge whose readings have new neighbours would lead the next
    // rewind back too far.
    const auto same_slot = [](const Reading& a, const Reading& b) {
        return a.epoch == b.epoch && a.slot_time == b.slot_time && a.revision == b.revision;
    };
    return same_slot(charge.from, draft.from) && same_slot(charge.to, draft.to) &&
           charge.occupancy_key == draft.occupancy.key &&
           charge.tariff_key == draft.tariff.tariff_key &&
           charge.tariff_version == draft.tariff.version && charge.start == draft.start &&
           charge.end == draft.end && charge.start_register == draft.start_total.wh() &&
           charge.end_register == draft.end_total.wh() && charge.before == draft.before &&
           charge.after == draft.after && charge.lines == draft.lines;
}

}  // namespace prepay::billing

#include "rating/domain/energy_charge.h"

namespace prepay::billing {

Charge make_charge(std::int64_t meter_key, const std::string& meter_id, const ChargeDraft& draft,
                   std::int64_t& remainder_picos) {
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
    charge.start = draft.start;
    charge.end = draft.end;
    charge.start_register = draft.start_total.base_units();
    charge.end_register = draft.end_total.base_units();
    charge.quantity = draft.quantity();
    charge.amount_picos = draft.picos();
    charge.lines = draft.lines;
    charge.before = draft.before;
    charge.after = draft.after;
    charge.from = draft.from;
    charge.to = draft.to;
    charge.remainder_before_picos = remainder_picos;
    if (charge.amount_picos + remainder_picos >= 0) {
        const Rounded rounded = round_with_carry(charge.amount_picos, remainder_picos);
        charge.amount_micros = rounded.amount.micros();
        remainder_picos = rounded.remainder_picos;
    } else {
        // Below one micro-yuan, or the sum would not be negative.
        remainder_picos += static_cast<std::int64_t>(charge.amount_picos);
    }
    charge.remainder_after_picos = remainder_picos;
    return charge;
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
           charge.end == draft.end && charge.start_register == draft.start_total.base_units() &&
           charge.end_register == draft.end_total.base_units() && charge.before == draft.before &&
           charge.after == draft.after && charge.lines == draft.lines;
}

}  // namespace prepay::billing

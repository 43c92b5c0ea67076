#include "rating/domain/energy_charge.h"

namespace prepay::billing {
namespace {

EnergyBasis basis_of(const ChargeDraft& draft) {
    EnergyBasis basis;
    basis.tariff_key = draft.tariff.tariff_key;
    basis.tariff_id = draft.tariff.tariff_id;
    basis.tariff_version = draft.tariff.version;
    basis.start_register = draft.start_total.base_units();
    basis.end_register = draft.end_total.base_units();
    basis.quantity = draft.quantity();
    basis.before = draft.before;
    basis.after = draft.after;
    basis.from = draft.from;
    basis.to = draft.to;
    return basis;
}

}  // namespace

Charge make_charge(std::int64_t meter_key, const std::string& meter_id, const ChargeDraft& draft,
                   std::int64_t& remainder_picos) {
    Charge charge;
    charge.account_key = draft.occupancy.account_key;
    charge.account_id = draft.occupancy.account_id;
    charge.occupancy_key = draft.occupancy.key;
    charge.meter_key = meter_key;
    charge.meter_id = meter_id;
    charge.room_id = draft.occupancy.room_id;
    charge.site_id = draft.occupancy.site_id;
    charge.start = draft.start;
    charge.end = draft.end;
    charge.amount_picos = draft.picos();
    charge.lines = draft.lines;
    charge.basis = basis_of(draft);
    round_amount(charge, remainder_picos);
    return charge;
}

bool is_same(const Charge& charge, const ChargeDraft& draft) {
    // The readings are part of it: a charge whose readings have new neighbours would lead the next
    // rewind back too far.
    const auto same_slot = [](const Reading& a, const Reading& b) {
        return a.epoch == b.epoch && a.slot_time == b.slot_time && a.revision == b.revision;
    };
    const EnergyBasis& basis = charge.energy();
    return same_slot(basis.from, draft.from) && same_slot(basis.to, draft.to) &&
           charge.occupancy_key == draft.occupancy.key &&
           basis.tariff_key == draft.tariff.tariff_key &&
           basis.tariff_version == draft.tariff.version && charge.start == draft.start &&
           charge.end == draft.end && basis.start_register == draft.start_total.base_units() &&
           basis.end_register == draft.end_total.base_units() && basis.before == draft.before &&
           basis.after == draft.after && charge.lines == draft.lines;
}

}  // namespace prepay::billing

#include "charges/domain/charge.h"

namespace prepay::billing {

Charge make_reversal(const Charge& charge, std::int64_t& remainder_picos) {
    Charge reversal = charge;
    reversal.charge_id = 0;
    reversal.reversal_of = charge.charge_id;
    reversal.quantity = -charge.quantity;
    reversal.amount_micros = -charge.amount_micros;
    reversal.amount_picos = -charge.amount_picos;
    for (RatedLine& line : reversal.lines) {
        line.quantity = -line.quantity;
    }
    reversal.before = charge.after;
    reversal.after = charge.before;
    reversal.remainder_before_picos = remainder_picos;
    remainder_picos += static_cast<std::int64_t>(
        static_cast<Int128>(charge.amount_micros) * kPicosPerMicro - charge.amount_picos);
    reversal.remainder_after_picos = remainder_picos;
    return reversal;
}

}  // namespace prepay::billing

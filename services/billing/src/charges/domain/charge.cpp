#include "charges/domain/charge.h"

namespace prepay::billing {

void round_amount(Charge& charge, std::int64_t& remainder_picos) {
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
}

Charge make_reversal(const Charge& charge, std::int64_t& remainder_picos) {
    Charge reversal = charge;
    reversal.charge_id = 0;
    reversal.reversal_of = charge.charge_id;
    reversal.amount_micros = -charge.amount_micros;
    reversal.amount_picos = -charge.amount_picos;
    for (RatedLine& line : reversal.lines) {
        line.quantity = -line.quantity;
    }
    std::visit([](auto& basis) { basis = reversed(std::move(basis)); }, reversal.basis);
    reversal.remainder_before_picos = remainder_picos;
    remainder_picos += static_cast<std::int64_t>(
        static_cast<Int128>(charge.amount_micros) * kPicosPerMicro - charge.amount_picos);
    reversal.remainder_after_picos = remainder_picos;
    return reversal;
}

}  // namespace prepay::billing

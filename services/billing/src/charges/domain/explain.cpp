#include "charges/domain/explain.h"

#include "quantity/text.h"

namespace prepay::billing {
namespace {

std::string exact_text(Int128 picos) { return format_decimal(picos, 12, 6); }

std::string product(const RatedLine& line) {
    return "tier " + std::to_string(line.tier) + " " + to_text(line.period) + ": " +
           format_quantity(line.quantity) + " x " + format_decimal(line.price.micros(), 6, 2) +
           " = " + exact_text(line.picos());
}

std::vector<std::string> steps_of(const EnergyBasis& basis) {
    const auto text = [&](std::int64_t base_units) {
        return format_quantity({basis.quantity.resource(), base_units});
    };
    const std::int64_t from_register = basis.from.total.base_units();
    const std::int64_t to_register = basis.to.total.base_units();
    std::vector<std::string> steps;
    steps.push_back("register " + text(basis.end_register) + " - " + text(basis.start_register) +
                    " = " + text(basis.end_register - basis.start_register));
    if (basis.start_register != from_register || basis.end_register != to_register) {
        steps.push_back("part of the readings " + text(from_register) + " .. " + text(to_register));
    }
    if (basis.after.span != TierSpan::kNone) {
        steps.push_back(std::string("counter of the ") + to_text(basis.after.span) + ": " +
                        text(basis.before.used) + " before, " + text(basis.after.used) + " after");
    }
    return steps;
}

}  // namespace

std::vector<std::string> explain(const Charge& charge) {
    std::vector<std::string> steps =
        std::visit([](const auto& basis) { return steps_of(basis); }, charge.basis);
    for (const RatedLine& line : charge.lines) {
        steps.push_back(product(line));
    }
    steps.push_back("sum " + exact_text(charge.amount_picos) + " + carried " +
                    exact_text(charge.remainder_before_picos) + " = charged " +
                    format_decimal(charge.amount_micros, 6, 6) + " + carried on " +
                    exact_text(charge.remainder_after_picos));
    return steps;
}

}  // namespace prepay::billing

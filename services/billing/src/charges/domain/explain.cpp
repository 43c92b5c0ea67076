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

}  // namespace

std::vector<std::string> explain(const ChargeArithmetic& arithmetic) {
    const auto text = [&](std::int64_t base_units) {
        return format_quantity({arithmetic.resource, base_units});
    };
    std::vector<std::string> steps;
    steps.push_back("register " + text(arithmetic.end_register) + " - " +
                    text(arithmetic.start_register) + " = " +
                    text(arithmetic.end_register - arithmetic.start_register));
    if (arithmetic.start_register != arithmetic.from_register ||
        arithmetic.end_register != arithmetic.to_register) {
        steps.push_back("part of the readings " + text(arithmetic.from_register) + " .. " +
                        text(arithmetic.to_register));
    }
    if (arithmetic.after.span != TierSpan::kNone) {
        steps.push_back(std::string("counter of the ") + to_text(arithmetic.after.span) + ": " +
                        text(arithmetic.before.used) + " before, " + text(arithmetic.after.used) +
                        " after");
    }
    Int128 sum = 0;
    for (const RatedLine& line : arithmetic.lines) {
        steps.push_back(product(line));
        sum += line.picos();
    }
    steps.push_back("sum " + exact_text(sum) + " + carried " +
                    exact_text(arithmetic.remainder_before_picos) + " = charged " +
                    format_decimal(arithmetic.amount_micros, 6, 6) + " + carried on " +
                    exact_text(arithmetic.remainder_after_picos));
    return steps;
}

}  // namespace prepay::billing

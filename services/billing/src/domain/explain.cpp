#include "domain/explain.h"

#include "quantity/text.h"

namespace prepay::billing {
namespace {

std::string product(const RatedLine& line, Resource resource) {
    return "tier " + std::to_string(line.tier) + " " + to_text(line.period) + ": " +
           format_energy(line.energy.wh(), resource) + " x " +
           format_decimal(line.price.micros(), 6, 2) + " = " +
           format_decimal(line.amount_nanos, 9, 6);
}

}  // namespace

std::string format_energy(std::int64_t wh_or_ml, Resource resource) {
    return format_decimal(wh_or_ml, 3, 3) + (resource == Resource::kElectricity ? " kWh" : " m3");
}

std::vector<std::string> explain(const ChargeArithmetic& arithmetic) {
    const Resource resource = arithmetic.resource;
    std::vector<std::string> steps;
    steps.push_back("register " + format_energy(arithmetic.end_register, resource) + " - " +
                    format_energy(arithmetic.start_register, resource) + " = " +
                    format_energy(arithmetic.end_register - arithmetic.start_register, resource));
    if (arithmetic.start_register != arithmetic.from_register ||
        arithmetic.end_register != arithmetic.to_register) {
        steps.push_back("part of the readings " +
                        format_energy(arithmetic.from_register, resource) + " .. " +
                        format_energy(arithmetic.to_register, resource));
    }
    if (arithmetic.after.span != TierSpan::kNone) {
        steps.push_back(std::string("counter of the ") + to_text(arithmetic.after.span) + ": " +
                        format_energy(arithmetic.before.energy_wh, resource) + " before, " +
                        format_energy(arithmetic.after.energy_wh, resource) + " after");
    }
    std::int64_t sum = 0;
    for (const RatedLine& line : arithmetic.lines) {
        steps.push_back(product(line, resource));
        sum += line.amount_nanos;
    }
    steps.push_back("sum " + format_decimal(sum, 9, 6) + " + carried " +
                    format_decimal(arithmetic.remainder_before_nanos, 9, 6) + " = charged " +
                    format_decimal(arithmetic.amount_micros, 6, 6) + " + carried on " +
                    format_decimal(arithmetic.remainder_after_nanos, 9, 6));
    return steps;
}

}  // namespace prepay::billing

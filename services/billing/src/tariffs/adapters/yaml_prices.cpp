#include "tariffs/adapters/yaml_prices.h"

#include "quantity/text.h"

namespace prepay::billing {
namespace {

Price parse_price(const YAML::Node& node, const std::string& field) {
    const auto micros = parse_decimal(text_of(node, field), 6);
    if (!micros) {
        fail(node, field + ".prices",
             "'" + node.Scalar() + "' is not a price in yuan with at most 6 decimals");
    }
    return Price::from_micros(*micros);
}

Tier parse_prices(const YAML::Node& node, const std::string& field, FieldMarks& marks) {
    Tier tier;
    if (static_cast<bool>(node["price"]) == static_cast<bool>(node["prices"])) {
        fail(node, field + ".prices", "give either 'price' or 'prices'");
    }
    if (const YAML::Node single = node["price"]) {
        marks.mark(field + ".prices", single);
        marks.mark(field + ".prices[0]", single);
        tier.prices.push_back({RatePeriod::kSingle, parse_price(single, field)});
        return tier;
    }
    const YAML::Node prices = node["prices"];
    marks.mark(field + ".prices", prices);
    if (!prices.IsMap()) {
        fail(prices, field + ".prices", "'prices' is a map of period and price");
    }
    for (const auto& entry : prices) {
        const std::string name = text_of(entry.first, field);
        const auto period = period_of(name);
        if (!period) {
            fail(entry.first, field + ".prices",
                 "'" + name + "' is not a period (sharp, peak, flat, valley, deep_valley)");
        }
        marks.mark(field + ".prices[" + std::to_string(tier.prices.size()) + "]", entry.second);
        tier.prices.push_back({*period, parse_price(entry.second, field)});
    }
    return tier;
}

}  // namespace

void parse_tier_span(const YAML::Node& root, TariffDefinition& definition, FieldMarks& marks) {
    const std::string text = optional_text(root, "tier_span");
    if (text.empty()) {
        return;
    }
    marks.mark("tier_span", root["tier_span"]);
    for (const TierSpan span : {TierSpan::kMonth, TierSpan::kQuarter, TierSpan::kYear}) {
        if (text == to_text(span)) {
            definition.tier_span = span;
            return;
        }
    }
    fail(root["tier_span"], "tier_span", "tier_span is month, quarter or year");
}

void parse_tiers(const YAML::Node& root, Resource resource, TariffDefinition& definition,
                 FieldMarks& marks) {
    const YAML::Node node = root["tiers"];
    if (!node) {
        marks.mark("tiers", root);
        definition.tiers.push_back(parse_prices(root, "tiers[0]", marks));
        return;
    }
    if (root["price"] || root["prices"]) {
        fail(root[root["price"] ? "price" : "prices"], "prices",
             "with tiers, prices stand in each tier");
    }
    marks.mark("tiers", node);
    for (const YAML::Node& entry : checked_list(node, "tiers")) {
        const std::string field = "tiers[" + std::to_string(definition.tiers.size()) + "]";
        check_keys(entry, field, {"up_to", "price", "prices"});
        marks.mark(field, entry);
        Tier tier = parse_prices(entry, field, marks);
        if (const YAML::Node bound = entry["up_to"]) {
            const int scale = unit_scale(resource);
            const auto units = parse_decimal(text_of(bound, "up_to"), scale);
            if (!units || *units <= 0) {
                fail(bound, field + ".up_to",
                     std::string("up_to is a number of ") + unit_text(resource) +
                         " above 0 with at most " + std::to_string(scale) + " decimals");
            }
            tier.upper_bound = *units;
            marks.mark(field + ".upper_bound", bound);
        }
        definition.tiers.push_back(std::move(tier));
    }
}

}  // namespace prepay::billing

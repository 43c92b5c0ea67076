#include "tariffs/adapters/yaml_values.h"

#include "quantity/text.h"

namespace prepay::billing {

void fail(const YAML::Node& node, const std::string& field, const std::string& message) {
    throw TariffFileProblem{node.Mark(), field, "TARIFF_YAML", message};
}

std::string text_of(const YAML::Node& node, const std::string& field) {
    if (!node.IsScalar() || node.Scalar().empty()) {
        fail(node, field, "'" + field + "' must be a single value");
    }
    return node.Scalar();
}

std::optional<RatePeriod> period_of(const std::string& text) {
    for (std::size_t i = 1; i < kRatePeriodCount; ++i) {
        const auto period = static_cast<RatePeriod>(i);
        if (text == to_text(period)) {
            return period;
        }
    }
    return std::nullopt;
}

std::optional<int> minute_of(const std::string& text) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
        return std::nullopt;
    }
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (minute > 59 || hour * 60 + minute > 1440) {
        return std::nullopt;
    }
    return hour * 60 + minute;
}

std::optional<CivilDate> date_of(const std::string& text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
        return std::nullopt;
    }
    const auto year = parse_decimal(text.substr(0, 4), 0);
    const auto month = parse_decimal(text.substr(5, 2), 0);
    const auto day = parse_decimal(text.substr(8, 2), 0);
    if (!year || !month || !day) {
        return std::nullopt;
    }
    return CivilDate{static_cast<int>(*year), static_cast<int>(*month), static_cast<int>(*day)};
}

}  // namespace prepay::billing

#include "charges/adapters/pg_charge_lines.h"

#include <cstdlib>

#include "pg/database.h"

namespace prepay::billing {
namespace {

constexpr int kLineNumbers = 7;

}  // namespace

std::string lines_text(const std::vector<RatedLine>& lines) {
    std::vector<std::int64_t> numbers;
    numbers.reserve(lines.size() * kLineNumbers);
    for (const RatedLine& line : lines) {
        numbers.insert(numbers.end(), {to_micros(line.start), to_micros(line.end),
                                       static_cast<std::int64_t>(line.period), line.tier,
                                       line.quantity.base_units(), line.price.micros(),
                                       line.quantity.base_units() * line.price.micros()});
    }
    return pg::to_array(numbers);
}

std::vector<RatedLine> read_lines(const std::string& text, Resource resource) {
    std::vector<std::int64_t> numbers;
    const char* at = text.c_str() + 1;  // After "{".
    while (*at != '\0' && *at != '}') {
        char* end = nullptr;
        numbers.push_back(std::strtoll(at, &end, 10));
        at = *end == ',' ? end + 1 : end;
    }
    std::vector<RatedLine> lines;
    for (std::size_t i = 0; i + kLineNumbers <= numbers.size(); i += kLineNumbers) {
        lines.push_back({from_micros(numbers[i]),
                         from_micros(numbers[i + 1]),
                         {resource, numbers[i + 4]},
                         Price::from_micros(numbers[i + 5]),
                         static_cast<RatePeriod>(numbers[i + 2]),
                         static_cast<std::int16_t>(numbers[i + 3])});
    }
    return lines;
}

}  // namespace prepay::billing

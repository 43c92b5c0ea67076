#pragma once

#include <limits>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "tariffs/domain/tariff.h"

namespace prepay::billing {

/// Columns of bigint arrays for one `unnest`: numbers stay numbers, times travel as microseconds.
class NumberColumns {
public:
    explicit NumberColumns(std::size_t column_count) : texts_(column_count, "{") {}

    /// One row; as many values as columns.
    void add(std::initializer_list<std::int64_t> values) {
        std::size_t column = 0;
        for (const std::int64_t value : values) {
            std::string& text = texts_[column++];
            if (text.size() > 1) {
                text += ',';
            }
            text += std::to_string(value);
        }
    }
    /// The array literals.
    std::vector<std::string> finish() {
        for (std::string& text : texts_) {
            text += '}';
        }
        return std::move(texts_);
    }
    /// "unnest($1::bigint[], …) AS u(c1, …)".
    static std::string unnest(const std::vector<std::string>& names, int first_parameter = 1) {
        std::string arrays;
        std::string columns;
        for (const std::string& name : names) {
            arrays +=
                (arrays.empty() ? "$" : ", $") + std::to_string(first_parameter++) + "::bigint[]";
            columns += (columns.empty() ? "" : ", ") + name;
        }
        return "unnest(" + arrays + ") AS u(" + columns + ")";
    }

private:
    std::vector<std::string> texts_;
};

/// Stands for SQL NULL in a NumberColumns column; `nullif(u.x, -9223372036854775808)` turns it
/// back.
constexpr std::int64_t kSqlNull = std::numeric_limits<std::int64_t>::min();

inline const char* text_of(Resource resource) {
    return resource == Resource::kWater ? "water" : "electricity";
}

inline Resource resource_of(const std::string& text) {
    return text == "water" ? Resource::kWater : Resource::kElectricity;
}

inline TierSpan tier_span_of(const std::string& text) {
    for (const TierSpan span : {TierSpan::kMonth, TierSpan::kQuarter, TierSpan::kYear}) {
        if (text == to_text(span)) {
            return span;
        }
    }
    return TierSpan::kNone;
}

}  // namespace prepay::billing

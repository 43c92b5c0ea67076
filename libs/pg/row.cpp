#include "pg/row.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace prepay::pg {
namespace {

// What stands between the braces of an array literal, as PostgreSQL writes it: an item has quotes
// when it holds a comma, a brace, a quote, a backslash or white space, is empty or reads NULL.
std::vector<std::string> array_items(const std::string& literal) {
    std::vector<std::string> items;
    std::size_t at = 1;
    while (literal.at(at) != '}') {
        std::string item;
        if (literal[at] == '"') {
            for (++at; literal.at(at) != '"'; ++at) {
                at += literal[at] == '\\' ? 1 : 0;
                item += literal.at(at);
            }
            ++at;
        } else {
            const std::size_t end = std::min(literal.find_first_of(",}", at), literal.size());
            item = literal.substr(at, end - at);
            at = end;
            if (item == "NULL" || item.starts_with('{')) {
                throw pqxx::conversion_error("an array of one dimension without NULL was expected");
            }
        }
        items.push_back(std::move(item));
        at += literal.at(at) == ',' ? 1 : 0;
    }
    return items;
}

}  // namespace

std::vector<std::string> Row::texts(const char* column) const { return array_items(text(column)); }

std::vector<std::int64_t> Row::numbers(const char* column) const {
    std::vector<std::int64_t> values;
    for (const std::string& value : texts(column)) {
        std::int64_t number = 0;
        pqxx::from_string(value, number);
        values.push_back(number);
    }
    return values;
}

pqxx::field Row::field(const char* column) const {
    const auto count = row_.size();
    for (pqxx::row::size_type tried = 0; tried < count; ++tried) {
        const pqxx::field field = row_[next_];
        next_ = next_ + 1 < count ? next_ + 1 : 0;
        if (std::strcmp(field.name(), column) == 0) {
            return field;
        }
    }
    throw pqxx::argument_error(std::string("no column \"") + column + "\" in the row");
}

}  // namespace prepay::pg

#include "pg/row.h"

#include <cstring>

namespace prepay::pg {

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

#pragma once

#include <string>

#include "pg/database.h"
#include "pg/row.h"

namespace prepay::test {

/// The one number that a query answers.
inline std::int64_t number_of(pg::Database& database, const std::string& sql) {
    return database
        .read([&](pqxx::work& tx) -> Result<std::int64_t> {
            return pg::only<std::int64_t>(tx.exec1(sql));
        })
        .value();
}

}  // namespace prepay::test

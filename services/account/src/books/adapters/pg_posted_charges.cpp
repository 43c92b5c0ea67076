#include "books/adapters/pg_posted_charges.h"

#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {

std::vector<ChargeBearer> PgPostedCharges::bearers(pqxx::work& tx) const {
    std::vector<ChargeBearer> bearers;
    for (const pg::Row row : tx.exec("SELECT account_no, account_id, kind FROM accounts"
                                     " WHERE kind IN ('purse', 'vacancy')"
                                     " ORDER BY account_no")) {
        bearers.push_back(
            {row.number("account_no"), row.text("account_id"), row.text("kind") == "vacancy"});
    }
    return bearers;
}

std::vector<PostedCharge> PgPostedCharges::next(pqxx::work& tx, std::int64_t account_no,
                                                std::int64_t& after_version,
                                                std::size_t count_max) const {
    std::vector<PostedCharge> charges;
    for (const pg::Row row : tx.exec_params(
             "SELECT account_version, source_id, " + pg::micros("post_time") +
                 " AS post_micros FROM entries"
                 " WHERE account_no = $1 AND account_version > $2 AND source_kind = 'charge'"
                 " ORDER BY account_version LIMIT $3",
             account_no, after_version, static_cast<int>(count_max))) {
        charges.push_back({row.text("source_id"), row.time("post_micros")});
        after_version = row.number("account_version");
    }
    return charges;
}

}  // namespace prepay::account

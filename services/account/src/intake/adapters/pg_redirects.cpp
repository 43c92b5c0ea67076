#include "intake/adapters/pg_redirects.h"

#include "pg/row.h"

namespace prepay::account {

std::optional<std::int64_t> PgRedirects::original_bearer(pqxx::work& tx,
                                                         const Charge& charge) const {
    if (charge.reversal_of.empty()) {
        return std::nullopt;
    }
    const auto rows = tx.exec_params(
        "SELECT account_no FROM redirected_charges WHERE charge_id = $1 AND named_account_id = $2",
        charge.reversal_of, charge.account_id);
    return rows.empty() ? std::nullopt : std::optional(pg::only<std::int64_t>(rows[0]));
}

PgRedirects::Noted PgRedirects::note(pqxx::work& tx, const Charge& charge,
                                     std::int64_t account_no) const {
    const auto inserted = tx.exec_params(
        "INSERT INTO redirected_charges (charge_id, named_account_id, account_no) VALUES ($1, $2, "
        "$3)"
        " ON CONFLICT (charge_id) DO NOTHING",
        charge.charge_id, charge.account_id, account_no);
    return {
        pg::only<std::int64_t>(tx.exec_params1(
            "SELECT account_no FROM redirected_charges WHERE charge_id = $1", charge.charge_id)),
        inserted.affected_rows() == 1};
}

}  // namespace prepay::account

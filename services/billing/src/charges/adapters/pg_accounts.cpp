#include "charges/adapters/pg_accounts.h"

#include "pg/database.h"
#include "pg/row.h"

namespace prepay::billing {

std::map<std::string, std::int64_t> account_keys(pqxx::work& tx,
                                                 const std::vector<std::string>& account_ids) {
    const std::string ids = pg::to_array(account_ids);
    tx.exec_params(
        "INSERT INTO accounts (account_id) SELECT DISTINCT id FROM unnest($1::text[]) AS u(id)"
        " WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.account_id = u.id) ORDER BY id"
        " ON CONFLICT DO NOTHING",
        ids);
    std::map<std::string, std::int64_t> keys;
    for (const pg::Row row : tx.exec_params(
             "SELECT account_id, account_key FROM accounts WHERE account_id = ANY ($1::text[])",
             ids)) {
        keys[row.text("account_id")] = row.number("account_key");
    }
    return keys;
}

std::map<std::string, std::int64_t> lock_remainders(pqxx::work& tx,
                                                    const std::vector<std::int64_t>& keys) {
    std::map<std::string, std::int64_t> remainders;
    if (keys.empty()) {
        return remainders;
    }
    for (const pg::Row row :
         tx.exec_params("SELECT account_id, remainder_picos FROM accounts"
                        " WHERE account_key = ANY ($1::bigint[]) ORDER BY account_key FOR UPDATE",
                        pg::to_array(keys))) {
        remainders[row.text("account_id")] = row.number("remainder_picos");
    }
    return remainders;
}

void save_remainders(pqxx::work& tx, const std::map<std::string, std::int64_t>& remainders) {
    std::vector<std::string> ids;
    std::vector<std::int64_t> values;
    for (const auto& [id, value] : remainders) {
        ids.push_back(id);
        values.push_back(value);
    }
    tx.exec_params(
        "UPDATE accounts a SET remainder_picos = u.remainder"
        " FROM unnest($1::text[], $2::bigint[]) AS u(account_id, remainder)"
        " WHERE a.account_id = u.account_id",
        pg::to_array(ids), pg::to_array(values));
}

std::map<std::int64_t, std::string> list_accounts(pqxx::work& tx) {
    std::map<std::int64_t, std::string> accounts;
    for (const pg::Row row : tx.exec("SELECT account_key, account_id FROM accounts")) {
        accounts[row.number("account_key")] = row.text("account_id");
    }
    return accounts;
}

}  // namespace prepay::billing

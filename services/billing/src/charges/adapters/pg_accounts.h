#pragma once

#include <map>
#include <pqxx/pqxx>
#include <string>
#include <vector>

namespace prepay::billing {

/// Keys of accounts, made where new.
std::map<std::string, std::int64_t> account_keys(pqxx::work& tx,
                                                 const std::vector<std::string>& account_ids);

/// Locks accounts in key order; their remainders by account id.
std::map<std::string, std::int64_t> lock_remainders(pqxx::work& tx,
                                                    const std::vector<std::int64_t>& account_keys);
void save_remainders(pqxx::work& tx, const std::map<std::string, std::int64_t>& remainders);

/// All accounts that were ever charged, by key.
std::map<std::int64_t, std::string> list_accounts(pqxx::work& tx);

}  // namespace prepay::billing

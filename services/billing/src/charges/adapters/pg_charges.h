#pragma once

#include <map>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "charges/domain/charge.h"

namespace prepay::billing {

/// The not reversed charges of a meter whose later reading is at or after `moment`, in order.
std::vector<Charge> charges_since(pqxx::work& tx, std::int64_t meter_key, Instant moment);

/// Which of the readings lie strictly inside a charged interval, at a plausible register: indexes.
std::vector<std::size_t> find_inside_charges(
    pqxx::work& tx, const std::vector<std::pair<std::int64_t, Reading>>& readings);

/// Whether anything was ever charged to one of the meters after the moment; the meter's id.
std::optional<std::string> find_rated_after(pqxx::work& tx,
                                            const std::vector<std::int64_t>& meter_keys,
                                            Instant moment);

struct ChargeFilter {
    std::string account_id;  ///< This or the meter.
    std::string meter_id;
    std::optional<Instant> start;      ///< Charges that end after it.
    std::optional<Instant> end;        ///< Charges that start before it.
    std::int64_t below_charge_id = 0;  ///< Next page; 0 = the first.
    int limit = 100;
};

/// Newest first.
std::vector<Charge> list_charges(pqxx::work& tx, const ChargeFilter& filter);
std::optional<Charge> find_charge(pqxx::work& tx, std::int64_t charge_id);
/// Those of the ids that exist.
std::vector<Charge> find_charges(pqxx::work& tx, const std::vector<std::int64_t>& charge_ids);
/// An account's charges and reversals behind an id, oldest first.
std::vector<Charge> charges_after(pqxx::work& tx, std::int64_t account_key, std::int64_t after_id,
                                  int count_max);
/// An account's newest charges and reversals, at most 100, newest first.
std::vector<std::int64_t> last_charges_of(pqxx::work& tx, const std::string& account_id);

}  // namespace prepay::billing

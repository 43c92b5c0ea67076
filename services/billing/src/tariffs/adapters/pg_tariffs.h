#pragma once

#include <map>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "tariffs/app/tariff_book.h"
#include "tariffs/domain/stored_tariff.h"
#include "tariffs/domain/timeline.h"

namespace prepay::billing {

/// Tariffs by key, with all their versions laid out over a window.
struct KnownTariffs {
    std::map<std::int64_t, KnownTariff> by_key;
    std::vector<std::shared_ptr<const CompiledTariff>> held;  ///< What `by_key` points to.
};

/// Loads tariffs, compiled for the time needed; the book keeps them for the next time.
KnownTariffs load_tariffs(pqxx::work& tx, TariffBook& book, const TariffsNeeded& needed);

/// Nothing when the id is taken.
std::optional<std::int64_t> insert_tariff(pqxx::work& tx, const StoredTariff& tariff);
void insert_version(pqxx::work& tx, std::int64_t tariff_key, const StoredVersion& version);

/// Locks the tariff against other new versions.
std::optional<StoredTariff> lock_tariff(pqxx::work& tx, const std::string& tariff_id);
std::optional<StoredTariff> find_tariff(pqxx::work& tx, const std::string& tariff_id);
/// By id, after `after_id`.
std::vector<StoredTariff> list_tariffs(pqxx::work& tx, const std::string& after_id, int limit);

/// Ids of the meters that have the tariff assigned, now or later.
std::vector<std::string> meters_of_tariff(pqxx::work& tx, std::int64_t tariff_key);

/// Gives meters a tariff from a time on; assignments from that time on give way.
void assign(pqxx::work& tx, const std::vector<std::int64_t>& meter_keys, std::int64_t tariff_key,
            Instant start, const std::string& user);

/// By meter id and start; `after` = the last (meter, start) of the page before.
std::vector<StoredAssignment> list_assignments(
    pqxx::work& tx, const std::vector<std::string>& meter_ids, const std::string& tariff_id,
    const std::optional<std::pair<std::string, Instant>>& after, int limit);

}  // namespace prepay::billing

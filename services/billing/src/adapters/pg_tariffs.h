#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "app/meter_work.h"
#include "app/tariff_book.h"

namespace prepay::billing {

/// A version as it is kept.
struct StoredVersion {
    int version = 0;
    Instant effective;
    TariffDefinition definition;
    std::string create_user;
    Instant create_time;
};

struct StoredTariff {
    std::int64_t tariff_key = 0;
    std::string tariff_id;
    std::string display_name;
    Resource resource = Resource::kElectricity;
    std::vector<StoredVersion> versions;
    int assigned_meter_count = 0;
};

/// An assignment with its meter; `end` is the start of the next one.
struct StoredAssignment {
    std::string meter_id;
    std::string tariff_id;
    Instant start;
    std::optional<Instant> end;
    std::optional<Resource> meter_resource = {};    ///< Of the newest epoch.
    std::int64_t wrong_resource_reading_count = 0;  ///< Waiting ones that this tariff does not fit.
};

/// Lays the tariffs of the meters' assignments on their time lines, over the window given. Compiled
/// tariffs stay valid as long as the result.
std::vector<std::shared_ptr<const CompiledTariff>> load_tariffs(pqxx::work& tx, TariffBook& book,
                                                                const Window& window,
                                                                std::vector<MeterWork>& works);

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

#pragma once

#include <map>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <vector>

#include "core/time.h"
#include "domain/records.h"
#include "domain/rollup.h"

namespace prepay::reporting {

/// The writes of the fold, set-based, rows in key order so that replicas cannot deadlock. A stored
/// fact yields only to a newer version of itself, so repetition and reordering change nothing. All
/// throw pqxx exceptions, translated by pg::Database.
namespace pg_fold_store {

void save_sites(pqxx::work& tx, const std::vector<SiteRecord>& sites);
void save_rooms(pqxx::work& tx, const std::vector<RoomRecord>& rooms);
void save_occupancies(pqxx::work& tx, const std::vector<OccupancyRecord>& occupancies);
void save_accounts(pqxx::work& tx, const std::vector<AccountRecord>& accounts);
void save_meter_states(pqxx::work& tx, const std::vector<MeterStateRecord>& states);
void save_live_values(pqxx::work& tx, const std::vector<LiveValueRecord>& values);
void save_command_outcomes(pqxx::work& tx, const std::vector<CommandOutcome>& outcomes);

/// The orders among these that were not stored before.
std::vector<OrderRecord> save_new_orders(pqxx::work& tx, const std::vector<OrderRecord>& orders);

/// The events among these that were not folded before; marks them folded.
std::set<std::string> claim_events(pqxx::work& tx, const std::set<std::string>& event_ids);
void forget_events_before(pqxx::work& tx, Instant time);

/// Where the events of a snapshot of a partition add up until they are put in.
constexpr int fresh(int partition) { return -1 - partition; }

/// Adds sums to days, hours and totals of the partition.
void add_rollup(pqxx::work& tx, const Rollup& rollup, int partition);

/// Zone names of those of the sites that are known.
std::map<std::string, std::string> time_zones(pqxx::work& tx,
                                              const std::set<std::string>& site_ids);

/// Serializes everybody who keeps or places charges of a site not known yet, until the commit.
void lock_unplaced(pqxx::work& tx, const std::set<std::string>& site_ids);
void keep_unplaced(pqxx::work& tx, const std::string& site_id, const std::string& charge,
                   int partition);
struct UnplacedCharge {
    std::string bytes;  ///< Of the proto.
    int partition = 0;
};
/// Removes and gives the kept charges of a site.
std::vector<UnplacedCharge> take_unplaced(pqxx::work& tx, const std::string& site_id);

/// Forgets what a broken snapshot of a partition left.
void clear_fresh(pqxx::work& tx, int partition);
/// Puts what a snapshot added up in the place of what the partition's charges had.
void put_in_fresh(pqxx::work& tx, int partition);

}  // namespace pg_fold_store
}  // namespace prepay::reporting
